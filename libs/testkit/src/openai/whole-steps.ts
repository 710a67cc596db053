import type { AnswerEncoder } from './answer-encoder.ts';
import type { StreamedAnswer, TokenUsage } from './answer-script.ts';
import { errorBody } from './provider-error.ts';
import type { ReplyStep } from './reply-step.ts';
import type { StreamFault } from './stream-fault.ts';

/**
 * The answer as one JSON body, after the time its pieces would have taken.
 * Faults that only a stream can have (comments, odd chunks, long lines) leave it as it is.
 */
export function* wholeSteps(
  script: StreamedAnswer,
  encoder: AnswerEncoder,
  { requestId, usage }: { requestId: string; usage: TokenUsage },
): Generator<ReplyStep> {
  const { everyMs = 0, firstAfterMs = everyMs, faults = [], finishReason = 'stop' } = script;
  const headers = { 'content-type': 'application/json', 'x-request-id': requestId };
  yield { kind: 'wait', ms: script.acceptAfterMs ?? 0 };
  let text = '';
  for (let made = 0; ; made++) {
    for (const fault of faults.filter(({ after }) => after === made)) {
      const broken = brokenSteps(fault, headers, encoder.whole(text, finishReason, usage));
      if (broken) return yield* broken;
      if (fault.kind === 'hold') yield { kind: 'hold' };
    }
    if (made >= script.pieces.length) break;
    yield { kind: 'wait', ms: made === 0 ? firstAfterMs : everyMs };
    if (script.stepped) yield { kind: 'hold' };
    text += script.pieces.at(made) ?? '';
  }
  yield { kind: 'head', status: 200, headers };
  yield { kind: 'end', data: encoder.whole(text, finishReason, usage) };
}

function brokenSteps(
  fault: StreamFault,
  headers: Record<string, string>,
  body: string,
): ReplyStep[] | undefined {
  const ok: ReplyStep = { kind: 'head', status: 200, headers };
  const half = body.slice(0, body.length / 2);
  switch (fault.kind) {
    case 'reset':
      return [{ kind: 'reset' }];
    case 'stall':
      return [{ kind: 'wait', ms: Infinity }];
    case 'cut':
      return [ok, { kind: 'write', data: half }, { kind: 'cut' }];
    case 'malformed':
      return [ok, { kind: 'end', data: half }];
    case 'error':
      return [
        { kind: 'head', status: 500, headers },
        { kind: 'end', data: errorBody(fault.error) },
      ];
    case 'hold':
    case 'comment':
    case 'raw':
    case 'empty-chunk':
    case 'role-chunk':
    case 'long-line':
      return undefined;
  }
}
