import type { EndAs } from '@parley/contracts';
import type { Backlog, Metrics } from '@parley/platform';
import type { FinishResult } from './store/conversation-store.ts';

/** What history counts. */
export interface HistoryMetrics {
  turnAppended(): void;
  /** `stale` counts the late writes that the fence refused. */
  answerFinished(outcome: FinishResult['outcome']): void;
  /** Somebody wishes an open answer to end. */
  answerEndWished(as: EndAs): void;
  answerRetried(): void;
  answerSwept(): void;
  storeFailed(): void;
  /** Too many waited for Redis. */
  announcementDropped(): void;
}

/** How much waits to be stored, and for how long. */
export function backlogMetrics(metrics: Metrics, backlog: Backlog): void {
  metrics.gauge('parley_history_jobs_waiting', 'Ended answers that wait to be stored', () => backlog.size());
  metrics.gauge(
    'parley_history_longest_wait_seconds',
    'Age of the ended answer that is stored next',
    async () => (await backlog.oldestMs()) / 1_000,
  );
}

export function historyMetrics(metrics: Metrics): HistoryMetrics {
  const appended = metrics.counter('parley_history_turns_appended_total', 'Turns stored for the first time');
  const finished = metrics.counter(
    'parley_history_answers_finished_total',
    'Finished answers that arrived, by what became of them (stale: a late write that was refused)',
    ['outcome'],
  );
  const wished = metrics.counter(
    'parley_history_answer_ends_wished_total',
    'Open answers that somebody wished to end, by how',
    ['as'],
  );
  const retried = metrics.counter(
    'parley_history_answers_retried_total',
    'Ended answers asked for once more',
  );
  const swept = metrics.counter('parley_history_answers_swept_total', 'Stuck answers that were queued again');
  const failed = metrics.counter('parley_history_store_errors_total', 'Calls that the database failed');
  const dropped = metrics.counter(
    'parley_history_announcements_dropped_total',
    'Frames that were not published, because too many waited for Redis',
  );
  return {
    turnAppended: () => appended.inc(),
    answerFinished: outcome => finished.inc({ outcome }),
    answerEndWished: as => wished.inc({ as }),
    answerRetried: () => retried.inc(),
    answerSwept: () => swept.inc(),
    storeFailed: () => failed.inc(),
    announcementDropped: () => dropped.inc(),
  };
}
