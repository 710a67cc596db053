import { setTimeout as pause } from 'node:timers/promises';
import { summarize, type Summary } from '../measure/percentiles.ts';
import type { AnswerOrder } from './answer-order.ts';
import { tell } from './serve-role.ts';
import { Tally } from './tally.ts';
import { withDeadline } from './with-deadline.ts';

/** Answers begin spread over this long, as visitors do not all ask in the same millisecond. */
const RAMP_MS = 1_000;
/**
 * Its multiples, without their whole part, are spread evenly and without a period. With equal steps the tokens of
 * 50 answers, one each 20 ms, all came in the same millisecond, and the queue behind that was what was measured.
 */
const GOLDEN_RATIO = 0.618_033_988_75;
/** How much longer than the provider needs everything may take. */
const PATIENCE_MS = 45_000;

/** Many answers at the same time. */
export interface StreamLoad {
  /** Where to ask. */
  readonly url: string;
  readonly streams: number;
  readonly order: AnswerOrder;
}

export interface StreamLoadResult {
  /** Milliseconds from the write at the provider until a token was here; undefined unless tokens are stamps. */
  readonly ages: Summary | undefined;
  /** Median of what one client received for its answer; undefined where nobody counts. */
  readonly bytesPerAnswer: number | undefined;
}

/** One answer: resolves when it has ended. `take` wants each new piece of its text. */
export type Ask = (prompt: AnswerOrder, take: (text: string) => void) => Promise<void>;

/**
 * Asks for one answer of each and waits for all of them. The parent hears `steady` and `ebb`, with the number of tokens so
 * far, when the time begins and ends in which all answers are under way.
 */
export async function askAll(asks: readonly Ask[], order: AnswerOrder): Promise<Summary | undefined> {
  const tally = new Tally(asks.length, order, {
    onSteady: tokens => tell('steady', tokens),
    onEbb: tokens => tell('ebb', tokens),
  });
  const run = async (ask: Ask, stream: number): Promise<void> => {
    await pause(((stream * GOLDEN_RATIO) % 1) * RAMP_MS);
    await ask(order, text => tally.take(stream, text));
    tally.end(stream);
  };
  const deadlineMs = RAMP_MS + order.tokens * order.everyMs + PATIENCE_MS;
  await withDeadline(Promise.all(asks.map(run)), deadlineMs, `${asks.length} answers`);
  return order.form === 'stamps' ? summarize(tally.ages.values) : undefined;
}
