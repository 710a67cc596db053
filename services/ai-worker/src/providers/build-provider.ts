import { scoped, type Log, type ReleaseStack } from '@parley/platform';
import type { Redis } from 'ioredis';
import type { AnswerMetrics } from '../answer/answer-metrics.ts';
import type { WorkerConfig, WorkerSettings } from '../config.ts';
import { KeyPool } from '../keys/key-pool.ts';
import { KeyRotation } from '../keys/key-rotation.ts';
import type { KeyedProvider } from '../keys/keyed-provider.ts';
import { ProviderKey } from '../keys/provider-key.ts';
import { DemoProvider } from './demo/demo-provider.ts';
import { ChatCompletions } from './openai/chat-completions.ts';
import { StreamingFetch } from './openai/streaming-fetch.ts';
import { OpenAiTransport } from './openai/openai-transport.ts';
import { Responses } from './openai/responses.ts';
import type { Provider } from './provider.ts';

/** As fast as people like to read along. */
const DEMO_WORD_MS = 20;

interface ProviderParts {
  readonly config: WorkerConfig;
  readonly redis: Redis;
  readonly metrics: AnswerMetrics;
  readonly log: Log;
  readonly releases: ReleaseStack;
}

/** The provider that the configuration asks for. Part of the composition root. */
export function buildProvider({ config, redis, metrics, log, releases }: ProviderParts): Provider {
  const keys = config.secrets.providerKeys.map(secret => new ProviderKey(secret));
  const line = scoped(log, { component: 'KeyRotation', function: 'bench' });
  if (keys.length === 0) {
    line.warn('no provider key is configured: answers are demo answers');
    return new DemoProvider(DEMO_WORD_MS);
  }
  const http = new StreamingFetch();
  releases.push('provider connections', () => http[Symbol.dispose]());
  return new KeyRotation(new KeyPool(keys, redis), openAi(http, config.settings), (key, reason, ms) => {
    metrics.benched(reason);
    line.warn({ providerKey: key.label, reason, ms }, 'a provider key is benched');
  });
}

function openAi(http: StreamingFetch, settings: WorkerSettings): KeyedProvider {
  const transport = new OpenAiTransport(http, settings.OPENAI_BASE_URL);
  const options = {
    model: settings.OPENAI_MODEL,
    temperature: settings.OPENAI_TEMPERATURE,
    maxTokens: settings.OPENAI_MAX_TOKENS,
  };
  return settings.OPENAI_API === 'chat'
    ? new ChatCompletions(transport, options)
    : new Responses(transport, options);
}
