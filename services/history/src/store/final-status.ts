import type { ClosedAnswerStatus, EndAs, MessageStatus } from '@parley/contracts';

/** What is known of an answer when its text is handed over. */
export interface HandedOver {
  /** How its worker says that it ended. */
  readonly status: ClosedAnswerStatus;
  /** How somebody wished it to end. */
  readonly endAs?: EndAs | undefined;
  /** The state of its question; undefined if there is none. */
  readonly question?: MessageStatus | undefined;
}

/**
 * How an answer is stored as ended. Its worker may not have learned in time of the wish, because Redis lost it, or because
 * the text was whole already: what somebody was told has ended must not come back as complete.
 */
export function finalStatus({ status, endAs, question }: HandedOver): ClosedAnswerStatus {
  if (endAs === 'superseded' || question === 'superseded') return 'superseded';
  return endAs === 'stopped' && (status === 'complete' || status === 'interrupted') ? 'stopped' : status;
}
