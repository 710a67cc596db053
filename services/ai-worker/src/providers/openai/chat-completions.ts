import { z } from 'zod';
import type { KeyedProvider } from '../../keys/keyed-provider.ts';
import type { ProviderKey } from '../../keys/provider-key.ts';
import { ProviderError } from '../provider-error.ts';
import type { AnswerEnd, OnText, ProviderRequest } from '../provider.ts';
import { faultInStream, faultSchema } from './openai-fault.ts';
import type { ModelOptions, OpenAiTransport } from './openai-transport.ts';
import { parseEvent } from './parse-event.ts';
import { readEvents, type Flow } from './read-events.ts';

const END_MARKER = '[DONE]';

/** Of `chat.completion.chunk`, what is used; servers that imitate OpenAI leave out or add the rest. */
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() })
    .nullish()
    .catch(undefined),
  error: faultSchema.nullish(),
});

/** OpenAI's Chat Completions API, and the many servers that speak it. */
export class ChatCompletions implements KeyedProvider {
  readonly #transport: OpenAiTransport;
  readonly #options: ModelOptions;

  constructor(transport: OpenAiTransport, options: ModelOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  async stream(request: ProviderRequest, key: ProviderKey, onText: OnText): Promise<AnswerEnd> {
    const { model, temperature, maxTokens } = this.#options;
    const body = await this.#transport.open(key, client =>
      client.chat.completions.create(
        {
          model,
          temperature,
          max_completion_tokens: maxTokens,
          messages: [...request.messages],
          stream: true,
          stream_options: { include_usage: true },
        },
        { signal: request.signal },
      ),
    );
    const reader = new ChunkReader(key, onText);
    await readEvents(body, data => reader.read(data));
    return reader.end();
  }
}

class ChunkReader {
  readonly #key: ProviderKey;
  readonly #onText: OnText;
  #reason: AnswerEnd['reason'] | undefined;
  #usage: AnswerEnd['usage'];

  constructor(key: ProviderKey, onText: OnText) {
    this.#key = key;
    this.#onText = onText;
  }

  read(data: string): Flow {
    if (data === END_MARKER) return 'last';
    const { choices, usage, error } = parseEvent(chunkSchema, data);
    if (error) throw faultInStream(error, this.#key);
    if (usage) this.#usage = { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens };
    const choice = choices?.[0];
    if (choice?.finish_reason) this.#reason = reasonFrom(choice.finish_reason);
    const text = choice?.delta?.content ?? choice?.delta?.refusal ?? '';
    const flow = text === '' ? undefined : this.#onText(text);
    return this.#reason === undefined ? flow : 'tail';
  }

  end(): AnswerEnd {
    if (this.#reason === undefined)
      throw new ProviderError('cut', 'the stream ended without a finish reason');
    return { reason: this.#reason, ...(this.#usage && { usage: this.#usage }) };
  }
}

function reasonFrom(finishReason: string): AnswerEnd['reason'] {
  return finishReason === 'length' || finishReason === 'content_filter' ? finishReason : 'stop';
}
