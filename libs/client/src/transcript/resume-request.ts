import type { AnswerPosition } from '@parley/contracts';
import type { Transcript } from './transcript.ts';

/** The contract takes no more. */
const MAX_POSITIONS = 100;

/** What to ask for so that exactly what this transcript lacks comes back. */
export function resumeRequest({ answers, settledSeq }: Transcript): {
  positions: AnswerPosition[];
  afterSeq: number;
} {
  return {
    positions: answers
      .filter(({ epoch }) => epoch > 0)
      .slice(-MAX_POSITIONS)
      .map(({ answerId, epoch, text }) => ({ answerId, epoch, offset: text.length })),
    afterSeq: settledSeq,
  };
}
