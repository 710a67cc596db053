import type {
  AnswerLog,
  AnswerRef,
  Append,
  AppendResult,
  HistoryClient,
  HistoryQueue,
  Log,
} from '@parley/platform';
import type { ContextLimits } from '../context/build-context.ts';
import type { Provider } from '../providers/provider.ts';
import type { AnswerMetrics } from './answer-metrics.ts';
import type { Clock } from './clock.ts';
import type { IntakeLimits } from './intake.ts';

/** What the production of an answer needs from outside. */
export interface AnswerPorts {
  readonly history: Pick<HistoryClient, 'call'>;
  readonly answerLog: Pick<AnswerLog, 'open' | 'restore' | 'read' | 'seal' | 'finish' | 'fence'>;
  /** The answer log's, for the pieces of all answers of this worker. */
  readonly append: (piece: Append) => Promise<AppendResult>;
  readonly historyQueue: Pick<HistoryQueue, 'answerFinished'>;
  readonly provider: Provider;
  /** Tells that the answer is being worked on, until it is disposed of. */
  readonly startHeartbeat: (answer: AnswerRef) => Promise<Disposable>;
  /** Registers who wants to hear that an answer may have been fenced; returns how to unregister. */
  readonly onFenceHint: (answerId: string, listener: () => void) => () => void;
  readonly clock: Clock;
  /** How many pieces of an answer's text shall travel together. */
  readonly atOnce: () => number;
  readonly metrics: AnswerMetrics;
  readonly log: Log;
}

export interface AnswerSettings {
  readonly systemPrompt: string;
  readonly context: ContextLimits;
  readonly limits: IntakeLimits;
}
