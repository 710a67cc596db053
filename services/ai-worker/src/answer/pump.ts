import type { AnswerEnd, OnText } from '../providers/provider.ts';
import type { Clock } from './clock.ts';
import { endingOf, type Ending } from './ending.ts';
import { Intake, type IntakeLimits } from './intake.ts';
import { MergingWriter, type AnswerSink, type Refusal } from './merging-writer.ts';

export interface PumpOptions {
  /** Starts the model. It is told by the signal when to stop, and not waited for. */
  readonly source: (signal: AbortSignal, onText: OnText) => Promise<AnswerEnd>;
  readonly sink: AnswerSink;
  /** Ends the pump at once. */
  readonly signal: AbortSignal;
  readonly limits: IntakeLimits;
  readonly clock: Clock;
  /** How many pieces of text shall travel together. */
  readonly atOnce: () => number;
  /** Registers who wants to hear that the sink may refuse from now on; returns how to unregister. */
  readonly onFenceHint: (listener: () => void) => () => void;
  /** Hears of a write that the sink refused, also of one whose answer comes after the pump has ended. */
  readonly onRefused: (refusal: Refusal) => void;
}

export type PumpResult = Ending & {
  /** What the sink has taken, which is what readers have been shown. */
  readonly text: string;
  /** Milliseconds from the request to the first text, if there was one. */
  readonly firstTextMs: number | undefined;
  readonly mergedPieces: number;
};

/** Lets the text of one answer flow from a model into a sink, until one of them ends it. Never throws. */
export async function pump(options: PumpOptions): Promise<PumpResult> {
  const { source, sink, signal, limits, clock, atOnce, onFenceHint, onRefused } = options;
  const ended = Promise.withResolvers<Ending>();
  const cancelled = Promise.withResolvers<Ending>();
  const provider = new AbortController();
  const refused = (refusal: Refusal): void => {
    onRefused(refusal);
    ended.resolve(endingOf(refusal));
  };
  const writer = new MergingWriter(sink, refused, { atOnce, clock });
  using intake = new Intake(writer, limits, clock, ended.resolve);
  using _released = new DisposableStack();
  _released.defer(onFenceHint(() => writer.check()));
  const cancel = () => {
    writer.discard();
    cancelled.resolve({ reason: 'cancelled' });
  };
  _released.defer(onAbort(signal, cancel));
  if (!signal.aborted) void intake.follow(source(provider.signal, intake.take));

  const first = await Promise.race([ended.promise, cancelled.promise]);
  intake[Symbol.dispose]();
  if (!intake.sourceEnded) provider.abort();
  const ending = await Promise.race([settle(writer, first), cancelled.promise]);
  const { firstTextMs } = intake;
  return { ...ending, text: writer.text, firstTextMs, mergedPieces: writer.mergedPieces };
}

/** What came before the end is shown before the end is told; a writer that is refused meanwhile changes the end. */
async function settle(writer: MergingWriter, ending: Ending): Promise<Ending> {
  await writer.close();
  return writer.refusal ? endingOf(writer.refusal) : ending;
}

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
