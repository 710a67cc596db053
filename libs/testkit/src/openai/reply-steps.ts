import type { AnswerEncoder, ReplyContext } from './answer-encoder.ts';
import type { AnswerScript, RefusedRequest, StreamedAnswer } from './answer-script.ts';
import { chatEncoder } from './chat-encoder.ts';
import { errorBody } from './provider-error.ts';
import type { ProviderRequest } from './provider-request.ts';
import type { ReplyStep } from './reply-step.ts';
import { inWritesOf } from './reply-step.ts';
import { ResponsesEncoder } from './responses-encoder.ts';
import { streamedSteps } from './streamed-steps.ts';
import { wholeSteps } from './whole-steps.ts';

/** Compiles a script into what the server does for this request. Pure but for `generatedPieces`. */
export function replySteps(script: AnswerScript, request: ProviderRequest): Iterable<ReplyStep> {
  switch (script.kind) {
    case 'hang-up':
      return [{ kind: 'reset' }];
    case 'failure':
      return failureSteps(script, request.id);
    case 'answer':
      return answerSteps(script, request);
  }
}

function answerSteps(script: StreamedAnswer, request: ProviderRequest): Iterable<ReplyStep> {
  const encoder = encoderFor(request, {
    requestId: request.id,
    model: request.model,
    createdAt: Math.floor(request.at / 1000),
    includeUsage: request.includeUsage,
    doneMarker: script.doneMarker ?? true,
  });
  const reply = {
    requestId: request.id,
    usage: script.usage ?? { input: request.inputTokens, output: script.pieces.length },
  };
  const steps = request.stream ? streamedSteps(script, encoder, reply) : wholeSteps(script, encoder, reply);
  return script.bytesPerWrite === undefined ? steps : inWritesOf(script.bytesPerWrite, steps);
}

function encoderFor(request: ProviderRequest, context: ReplyContext): AnswerEncoder {
  return request.api === 'chat' ? chatEncoder(context) : new ResponsesEncoder(context);
}

function failureSteps(script: RefusedRequest, requestId: string): ReplyStep[] {
  const headers = { 'content-type': 'application/json', 'x-request-id': requestId, ...script.headers };
  return [
    { kind: 'wait', ms: script.afterMs },
    { kind: 'head', status: script.status, headers },
    { kind: 'end', data: errorBody(script.error) },
  ];
}
