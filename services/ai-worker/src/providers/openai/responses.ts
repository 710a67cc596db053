import { z } from 'zod';
import type { KeyedProvider } from '../../keys/keyed-provider.ts';
import type { ProviderKey } from '../../keys/provider-key.ts';
import { ProviderError } from '../provider-error.ts';
import type { AnswerEnd, OnText, ProviderRequest } from '../provider.ts';
import { faultInStream, faultSchema } from './openai-fault.ts';
import type { ModelOptions, OpenAiTransport } from './openai-transport.ts';
import { parseEvent } from './parse-event.ts';
import { readEvents, type Flow } from './read-events.ts';

const text = z.string().nullish().catch(undefined);

/** Of the API's events, what is used. */
const eventSchema = z.object({
  type: z.string(),
  delta: text,
  response: z
    .object({
      usage: z
        .object({ input_tokens: z.int().nonnegative(), output_tokens: z.int().nonnegative() })
        .nullish()
        .catch(undefined),
      incomplete_details: z.object({ reason: text }).nullish(),
      error: faultSchema.nullish(),
    })
    .nullish(),
  error: faultSchema.nullish(),
  code: faultSchema.shape.code,
  message: text,
});
type ResponseEvent = z.infer<typeof eventSchema>;

/** OpenAI's Responses API. */
export class Responses implements KeyedProvider {
  readonly #transport: OpenAiTransport;
  readonly #options: ModelOptions;

  constructor(transport: OpenAiTransport, options: ModelOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  async stream(request: ProviderRequest, key: ProviderKey, onText: OnText): Promise<AnswerEnd> {
    const { model, temperature, maxTokens } = this.#options;
    const body = await this.#transport.open(key, client =>
      client.responses.create(
        {
          model,
          temperature,
          max_output_tokens: maxTokens,
          input: [...request.messages],
          // The conversation is kept by history, and nowhere else.
          store: false,
          stream: true,
        },
        { signal: request.signal },
      ),
    );
    const reader = new EventReader(key, onText);
    await readEvents(body, data => reader.read(data));
    return reader.end();
  }
}

class EventReader {
  readonly #key: ProviderKey;
  readonly #onText: OnText;
  #end: AnswerEnd | undefined;

  constructor(key: ProviderKey, onText: OnText) {
    this.#key = key;
    this.#onText = onText;
  }

  read(data: string): Flow {
    const event = parseEvent(eventSchema, data);
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return this.#text(event.delta);
      case 'response.completed':
        return this.#finish('stop', event);
      case 'response.incomplete':
        return this.#finish(incompleteReason(event), event);
      case 'response.failed':
        throw faultInStream(event.response?.error ?? {}, this.#key);
      case 'error':
        throw faultInStream(event.error ?? event, this.#key);
      default:
        return undefined;
    }
  }

  end(): AnswerEnd {
    if (this.#end) return this.#end;
    throw new ProviderError('cut', 'the stream ended before the response was completed');
  }

  #finish(reason: AnswerEnd['reason'], { response }: ResponseEvent): Flow {
    const usage = response?.usage;
    const counted = usage && { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens };
    this.#end = { reason, ...(counted && { usage: counted }) };
    return 'last';
  }

  #text(delta: ResponseEvent['delta']): Flow {
    if (typeof delta !== 'string') throw new ProviderError('malformed', 'a delta is not text');
    return delta === '' ? undefined : this.#onText(delta);
  }
}

function incompleteReason({ response }: ResponseEvent): AnswerEnd['reason'] {
  return response?.incomplete_details?.reason === 'content_filter' ? 'content_filter' : 'length';
}
