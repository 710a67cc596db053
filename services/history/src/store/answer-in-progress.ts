import { ParleyError } from '@parley/contracts';

const RETRY_AFTER_MS = 1_000;

/** The refusal of what has to wait until an answer has ended. */
export const answerInProgress = (): ParleyError =>
  new ParleyError('ANSWER_IN_PROGRESS', { retryAfterMs: RETRY_AFTER_MS });
