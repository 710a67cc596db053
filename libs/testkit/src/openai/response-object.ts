import type { ReplyContext } from './answer-encoder.ts';
import type { TokenUsage } from './answer-script.ts';

type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

interface ResponseState {
  readonly status: ItemStatus | 'failed';
  readonly incompleteReason?: string | null;
  readonly error?: { readonly code: string | null; readonly message: string };
  readonly output?: readonly object[];
  readonly usage?: TokenUsage;
}

/** The `response` of the Responses API in one of its states. */
export function responseObject(context: ReplyContext, state: ResponseState): object {
  const { status, incompleteReason = null, error = null, output = [], usage } = state;
  return {
    id: `resp_${context.requestId}`,
    object: 'response',
    created_at: context.createdAt,
    status,
    background: false,
    error,
    incomplete_details: incompleteReason === null ? null : { reason: incompleteReason },
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: context.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: usage === undefined ? null : responseUsage(usage),
  };
}

/** The assistant's message in `response.output`. */
export const outputMessage = (id: string, status: ItemStatus, content: readonly object[]): object => ({
  id,
  type: 'message',
  status,
  role: 'assistant',
  content,
});

/** A message's text. */
export const textPart = (text: string): object => ({
  type: 'output_text',
  annotations: [],
  logprobs: [],
  text,
});

const responseUsage = ({ input, output }: TokenUsage): object => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: input + output,
});
