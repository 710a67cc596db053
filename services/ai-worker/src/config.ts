import { envFields, parseEnv } from '@parley/platform';
import { z } from 'zod';

const schema = z.object({
  NODE_ENV: envFields.nodeEnv,
  LOG_LEVEL: envFields.logLevel,
  PORT: envFields.port(5012),
  HOST: z.string().default('127.0.0.1'),
  REDIS_URL: envFields.redisUrl,
  HISTORY_URL: envFields.historyUrl,
  INTERNAL_TOKEN: envFields.secret.optional(),
  SHUTDOWN_GRACE_MS: envFields.integer(30_000, 0, 3_600_000),
  OPENAI_API_KEY: z.string().trim().optional(),
  OPENAI_API_KEYS: envFields.list().optional(),
  OPENAI_BASE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .default('https://api.openai.com/v1'),
  OPENAI_API: z.enum(['chat', 'responses']).default('chat'),
  OPENAI_MODEL: z.string().default('gpt-4o-mini'),
  OPENAI_TEMPERATURE: z.coerce.number({ error: 'must be a number' }).min(0).max(2).default(0.7),
  OPENAI_MAX_TOKENS: envFields.integer(2_000, 1, 1_000_000),
  DAILY_TOKEN_BUDGET: envFields.tokenBudget,
  SYSTEM_PROMPT: z.string().default('You are a helpful assistant.'),
  CONTEXT_MAX_MESSAGES: envFields.integer(50, 1, 1_000),
  CONTEXT_MAX_TOKENS: envFields.integer(8_000, 1, 1_000_000),
  WORKER_CONCURRENCY: envFields.integer(100, 1, 10_000),
  FIRST_TOKEN_TIMEOUT_MS: envFields.integer(60_000, 1, 3_600_000),
  IDLE_TIMEOUT_MS: envFields.integer(60_000, 1, 3_600_000),
  ANSWER_TIMEOUT_MS: envFields.integer(600_000, 1, 3_600_000),
});

const REQUIRED_IN_PRODUCTION = ['REDIS_URL', 'INTERNAL_TOKEN'];

type Env = z.output<typeof schema>;

/** What must not be shown. */
interface WorkerSecrets {
  readonly redisUrl: string;
  readonly internalToken: string | undefined;
  /** In order of preference; none switches to the demo answer. */
  readonly providerKeys: readonly string[];
}

export type WorkerSettings = Omit<Env, 'REDIS_URL' | 'INTERNAL_TOKEN' | 'OPENAI_API_KEY' | 'OPENAI_API_KEYS'>;

export interface WorkerConfig {
  readonly settings: WorkerSettings;
  readonly secrets: WorkerSecrets;
}

/** @throws ConfigurationError */
export function readConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const parsed = parseEnv(schema, env, REQUIRED_IN_PRODUCTION);
  const { REDIS_URL, INTERNAL_TOKEN, OPENAI_API_KEY, OPENAI_API_KEYS, ...settings } = parsed;
  const keys = [OPENAI_API_KEY ?? '', ...(OPENAI_API_KEYS ?? [])].filter(key => key !== '');
  return {
    settings,
    secrets: { redisUrl: REDIS_URL, internalToken: INTERNAL_TOKEN, providerKeys: [...new Set(keys)] },
  };
}
