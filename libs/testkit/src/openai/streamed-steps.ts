import type { AnswerEncoder, SseEvent } from './answer-encoder.ts';
import { formatSse } from './answer-encoder.ts';
import type { StreamedAnswer, TokenUsage } from './answer-script.ts';
import type { ReplyStep } from './reply-step.ts';
import type { StreamFault } from './stream-fault.ts';

interface Stream {
  readonly encoder: AnswerEncoder;
  readonly lineEnd: string;
}

/** The answer as server-sent events. */
export function* streamedSteps(
  script: StreamedAnswer,
  encoder: AnswerEncoder,
  { requestId, usage }: { requestId: string; usage: TokenUsage },
): Generator<ReplyStep> {
  const { everyMs = 0, firstAfterMs = everyMs, faults = [], lineEnd = '\n', finishReason = 'stop' } = script;
  const stream = { encoder, lineEnd };
  yield { kind: 'wait', ms: script.acceptAfterMs ?? 0 };
  yield { kind: 'head', status: 200, headers: { ...sseHeaders, 'x-request-id': requestId } };
  yield { kind: 'write', data: format(stream, encoder.opening()) };
  for (let written = 0; ; written++) {
    for (const fault of faults.filter(({ after }) => after === written)) {
      if (fault.kind === 'stall') yield* stallSteps(fault.pingEveryMs, lineEnd);
      else yield faultStep(fault, stream);
      if (isLast(fault)) return;
    }
    if (written >= script.pieces.length) break;
    yield { kind: 'wait', ms: written === 0 ? firstAfterMs : everyMs };
    if (script.stepped) yield { kind: 'hold' };
    yield { kind: 'write', data: format(stream, [encoder.piece(script.pieces.at(written) ?? '')]) };
  }
  const closing = finishReason === 'none' ? [] : encoder.closing(finishReason, usage);
  yield { kind: 'end', data: format(stream, closing) };
}

const sseHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const format = ({ lineEnd }: Stream, events: readonly SseEvent[]): string =>
  events.map(event => formatSse(event, lineEnd)).join('');

const isLast = ({ kind }: StreamFault): boolean => kind === 'cut' || kind === 'reset' || kind === 'error';

function faultStep(fault: Exclude<StreamFault, { kind: 'stall' }>, stream: Stream): ReplyStep {
  const { encoder, lineEnd } = stream;
  switch (fault.kind) {
    case 'cut':
    case 'reset':
    case 'hold':
      return { kind: fault.kind };
    case 'malformed':
      return { kind: 'write', data: `data: {"id":"chatcmpl-1","choices":[{"del${lineEnd}${lineEnd}` };
    case 'comment':
      return { kind: 'write', data: `: ${fault.text}${lineEnd}${lineEnd}` };
    case 'raw':
      return { kind: 'write', data: fault.text };
    case 'empty-chunk':
      return { kind: 'write', data: format(stream, [encoder.emptyChunk()]) };
    case 'role-chunk':
      return { kind: 'write', data: format(stream, [encoder.roleChunk()]) };
    case 'long-line':
      return { kind: 'write', data: format(stream, [encoder.longLine(fault.bytes)]) };
    case 'error':
      return { kind: 'end', data: format(stream, [encoder.error(fault.error, fault.event)]) };
  }
}

function* stallSteps(pingEveryMs: number | undefined, lineEnd: string): Generator<ReplyStep> {
  for (;;) {
    yield { kind: 'wait', ms: pingEveryMs ?? Infinity };
    yield { kind: 'write', data: `: ping${lineEnd}${lineEnd}` };
  }
}
