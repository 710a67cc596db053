import type { AnswerOrder } from '../load/answer-order.ts';
import type { StreamSubject } from '../load/stream-subject.ts';
import { CpuWatch } from '../measure/cpu-watch.ts';
import type { Line } from '../report/line.ts';
import type { Row } from './row.ts';

/** kB, of an answer of 2,000 tokens. */
const TARGETS = { native: 100, stream: 1_000 } as const;
const TARGET_TOKENS = 2_000;
/** Answers of each kind at the same time, of which the median is told. */
const ANSWERS = 3;

/** What one client is sent for a long answer. */
export const bytes: Row = async ({ lab }) => {
  const { quick } = lab.settings;
  const order: AnswerOrder = { tokens: quick ? 400 : TARGET_TOKENS, everyMs: 20, form: 'words' };
  const watch = new CpuWatch();
  const kilobytes = async (subject: StreamSubject): Promise<number> => {
    const { bytesPerAnswer } = await subject.ask({ streams: ANSWERS, order });
    return (bytesPerAnswer ?? NaN) / 1_000;
  };
  // At once: a long answer takes 40 s, and these few do not disturb one another.
  const [native, stream, original] = await Promise.all([
    kilobytes(await lab.productStreams('native')),
    kilobytes(await lab.productStreams('stream')),
    kilobytes(await lab.originalStreams()),
  ]);
  const { foreignCores } = watch.stop();
  // What grows with the square of the length has no fair target in a quick run; the native one grows with the length.
  const share = order.tokens / TARGET_TOKENS;
  const line = (dialect: keyof typeof TARGETS, product: number, target: number): Line => ({
    row: 'e',
    what: `bytes to one client for an answer of ${order.tokens} tokens, dialect ${dialect}`,
    unit: 'kB',
    floorIs: 'original design, cumulative',
    figures: [{ name: '', product, floor: original, target }],
    foreignCores,
  });
  return {
    lines: [
      line('native', native, TARGETS.native * share),
      line('stream', stream, TARGETS.stream * share * share),
    ],
    details: { order, native, stream, original },
  };
};
