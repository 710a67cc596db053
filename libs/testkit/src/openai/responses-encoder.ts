import type { AnswerEncoder, ReplyContext, SseEvent } from './answer-encoder.ts';
import type { FinishReason, TokenUsage } from './answer-script.ts';
import type { ProviderError } from './provider-error.ts';
import { outputMessage, responseObject, textPart } from './response-object.ts';

/** `POST /v1/responses`: typed, numbered events around one output message, or one `response`. */
export class ResponsesEncoder implements AnswerEncoder {
  readonly #context: ReplyContext;
  readonly #itemId: string;
  #sequence = 0;
  #text = '';

  constructor(context: ReplyContext) {
    this.#context = context;
    this.#itemId = `msg_${context.requestId}`;
  }

  opening(): SseEvent[] {
    const response = responseObject(this.#context, { status: 'in_progress' });
    return [
      this.#event('response.created', { response }),
      this.#event('response.in_progress', { response }),
      this.#event('response.output_item.added', {
        output_index: 0,
        item: outputMessage(this.#itemId, 'in_progress', []),
      }),
      this.#event('response.content_part.added', { ...this.#place(), part: textPart('') }),
    ];
  }

  piece(text: string): SseEvent {
    this.#text += text;
    return this.#delta(text);
  }

  emptyChunk(): SseEvent {
    return this.#event('response.in_progress', {
      response: responseObject(this.#context, { status: 'in_progress' }),
    });
  }

  roleChunk(): SseEvent {
    return this.#delta('');
  }

  longLine(bytes: number): SseEvent {
    return this.#delta('', { obfuscation: 'x'.repeat(bytes) });
  }

  error({ code, message }: ProviderError, event: 'error' | 'failed'): SseEvent {
    if (event === 'error') return this.#event('error', { code, message, param: null });
    const response = responseObject(this.#context, { status: 'failed', error: { code, message } });
    return this.#event('response.failed', { response });
  }

  closing(finish: Exclude<FinishReason, 'none'>, usage: TokenUsage): SseEvent[] {
    const response = this.#finished(this.#text, finish, usage);
    const part = textPart(this.#text);
    const item = outputMessage(this.#itemId, messageStatus(finish), [part]);
    return [
      this.#event('response.output_text.done', { ...this.#place(), text: this.#text, logprobs: [] }),
      this.#event('response.content_part.done', { ...this.#place(), part }),
      this.#event('response.output_item.done', { output_index: 0, item }),
      this.#event(finish === 'stop' ? 'response.completed' : 'response.incomplete', { response }),
    ];
  }

  whole(text: string, finish: FinishReason, usage: TokenUsage): string {
    return JSON.stringify(this.#finished(text, finish, usage));
  }

  #finished(text: string, finish: FinishReason, usage: TokenUsage): object {
    const output = [outputMessage(this.#itemId, messageStatus(finish), [textPart(text)])];
    return responseObject(this.#context, {
      status: messageStatus(finish),
      incompleteReason: incompleteReasons[finish],
      output,
      usage,
    });
  }

  #delta(delta: string, more: object = {}): SseEvent {
    return this.#event('response.output_text.delta', { ...this.#place(), delta, logprobs: [], ...more });
  }

  #place(): object {
    return { item_id: this.#itemId, output_index: 0, content_index: 0 };
  }

  #event(type: string, fields: object): SseEvent {
    return { event: type, data: JSON.stringify({ type, sequence_number: this.#sequence++, ...fields }) };
  }
}

const incompleteReasons: Record<FinishReason, 'max_output_tokens' | 'content_filter' | null> = {
  stop: null,
  none: null,
  length: 'max_output_tokens',
  content_filter: 'content_filter',
};

function messageStatus(finish: FinishReason): 'completed' | 'incomplete' | 'in_progress' {
  if (finish === 'stop') return 'completed';
  return finish === 'none' ? 'in_progress' : 'incomplete';
}
