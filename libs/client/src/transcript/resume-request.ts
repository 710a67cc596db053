import type { AnswerPosition } from '@parley/contracts';
import type { Transcript } from './transcript.ts';

/** The contract takes no more. */
const MAX_POSITIONS = 100;

/** Behind which `seq` the next page begins; 0 is the newest page. */
export function resumeAfter({ unreadAfter, settledSeq }: Transcript): number {
  return unreadAfter ?? settledSeq;
}

/** What to ask for so that exactly what this transcript lacks comes back. */
export function resumeRequest(transcript: Transcript): {
  positions: AnswerPosition[];
  afterSeq: number;
} {
  return {
    positions: transcript.answers
      .filter(({ epoch }) => epoch > 0)
      .slice(-MAX_POSITIONS)
      .map(({ answerId, epoch, text }) => ({ answerId, epoch, offset: text.length })),
    afterSeq: resumeAfter(transcript),
  };
}
