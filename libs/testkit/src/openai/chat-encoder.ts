import type { AnswerEncoder, ReplyContext, SseEvent } from './answer-encoder.ts';
import type { TokenUsage } from './answer-script.ts';
import { errorBody } from './provider-error.ts';

type Delta = Readonly<Record<string, unknown>>;

/** `POST /v1/chat/completions`: `chat.completion.chunk` events, or one `chat.completion`. */
export function chatEncoder(context: ReplyContext): AnswerEncoder {
  const identity = {
    id: `chatcmpl-${context.requestId}`,
    created: context.createdAt,
    model: context.model,
    service_tier: 'default',
    system_fingerprint: 'fp_scripted',
  };
  // With include_usage every chunk has the field, null until the one behind the finish reason.
  const noUsage = context.includeUsage ? { usage: null } : {};
  const chunk = (choices: readonly object[], more: object = noUsage): SseEvent => ({
    data: JSON.stringify({ ...identity, object: 'chat.completion.chunk', choices, ...more }),
  });
  const choice = (delta: Delta, finish: string | null = null): object => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason: finish,
  });
  const first = (): SseEvent => chunk([choice({ role: 'assistant', content: '', refusal: null })]);

  return {
    opening: () => [first()],
    piece: text => chunk([choice({ content: text })]),
    emptyChunk: () => chunk([]),
    roleChunk: first,
    longLine: bytes => chunk([choice({ content: '' })], { ...noUsage, obfuscation: 'x'.repeat(bytes) }),
    error: error => ({ data: errorBody(error) }),
    closing: (finish, usage) => [
      chunk([choice({}, finish)]),
      ...(context.includeUsage ? [chunk([], { usage: chatUsage(usage) })] : []),
      ...(context.doneMarker ? [{ data: '[DONE]' }] : []),
    ],
    whole: (text, finish, usage) =>
      JSON.stringify({
        ...identity,
        object: 'chat.completion',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: text, refusal: null, annotations: [] },
            logprobs: null,
            finish_reason: finish === 'none' ? null : finish,
          },
        ],
        usage: chatUsage(usage),
      }),
  };
}

const chatUsage = ({ input, output }: TokenUsage): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});
