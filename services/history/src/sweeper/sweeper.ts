import { isClosed, type Message } from '@parley/contracts';
import { scoped, type AnswerQueue, type AnswerRef, type Log } from '@parley/platform';
import type { HistoryMetrics } from '../history-metrics.ts';
import type {
  Clock,
  ConversationStore,
  UnfinishedPage,
  UnfinishedQuery,
} from '../store/conversation-store.ts';
import type { IsAbandoned } from './abandoned-answers.ts';

/** Open records that one sweep looks at; the next one goes on where it ended. */
const BATCH = 200;
/**
 * How long an answer must seem to be abandoned. A Redis that loses its data loses job and heartbeat at once; a worker that lives
 * has connected again and beaten by then.
 */
const CERTAIN_AFTER_MS = 2_500;
/** An answer that has waited for so long for a worker goes before new ones, whoever it is for. */
const PROMOTE_AFTER_MS = 10_000;

export interface SweeperDeps {
  readonly store: Pick<ConversationStore, 'getMessage' | 'listHalfTurns' | 'listOpenAnswers'>;
  readonly answers: AnswerQueue;
  readonly isAbandoned: IsAbandoned;
  readonly completeTurn: (message: Message) => Promise<void>;
  /** False while a sweep would only fail. */
  readonly isRedisReady: () => boolean;
  readonly clock: Clock;
  readonly metrics: HistoryMetrics;
  readonly log: Log;
}

interface Suspect extends AnswerRef {
  /** When it was found. */
  readonly since: number;
}

export interface SweeperTimes {
  readonly intervalMs: number;
  /** What is younger is left to those who are at work on it. */
  readonly afterMs: number;
}

/**
 * Finds what a killed process left behind, now and then: turns that were half stored and open answers that nobody works on.
 * And what others keep going before.
 * Any number of history processes may sweep at the same time.
 */
export class Sweeper {
  readonly #deps: SweeperDeps;
  readonly #times: SweeperTimes;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #failing = false;
  #halfTurnsAfter: string | undefined;
  #answersAfter: string | undefined;
  /** Answers that seem to be abandoned, by id: those of the last few sweeps. */
  readonly #suspects = new Map<string, Suspect>();

  constructor(deps: SweeperDeps, times: SweeperTimes) {
    this.#deps = deps;
    this.#times = times;
    this.#log = scoped(deps.log, { component: 'Sweeper', function: 'sweep' });
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#trySweep().finally(() => {
        if (this.#timer) this.start();
      });
    }, this.#times.intervalMs);
  }

  /** Resolves when the sweep under way has ended. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sweeping;
  }

  async #trySweep(): Promise<void> {
    if (!this.#deps.isRedisReady()) return;
    try {
      await this.sweep();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#log.error({ err: error }, 'could not sweep');
      this.#failing = true;
    }
  }

  /** One sweep, over one batch of each kind. */
  async sweep(): Promise<void> {
    const { store, completeTurn, answers } = this.#deps;
    const { afterMs } = this.#times;
    await answers.promote(PROMOTE_AFTER_MS);
    const halfTurns = await store.listHalfTurns(this.#query(afterMs, this.#halfTurnsAfter));
    this.#halfTurnsAfter = halfTurns.next;
    for (const message of halfTurns.messages) await completeTurn(message);
    await Promise.all(this.#dueSuspects().map(suspect => this.#requeueIfAbandoned(suspect)));
    // So early that what is abandoned is queued again once it is old enough.
    const open: UnfinishedPage = await store.listOpenAnswers(
      this.#query(afterMs - CERTAIN_AFTER_MS, this.#answersAfter),
    );
    this.#answersAfter = open.next;
    await Promise.all(open.messages.map(answer => this.#suspectIfAbandoned(answer)));
  }

  async #suspectIfAbandoned(answer: Message): Promise<void> {
    const { conversationId, id: answerId } = answer;
    if (this.#suspects.has(answerId) || !(await this.#deps.isAbandoned(answer))) return;
    this.#suspects.set(answerId, { conversationId, answerId, since: this.#now() });
  }

  /** Those to be looked at for the second time; they are suspects no more. */
  #dueSuspects(): Suspect[] {
    const due = [...this.#suspects.values()].filter(({ since }) => this.#now() - since >= CERTAIN_AFTER_MS);
    for (const { answerId } of due) this.#suspects.delete(answerId);
    return due;
  }

  async #requeueIfAbandoned({ conversationId, answerId }: Suspect): Promise<void> {
    const { store, answers, isAbandoned, metrics } = this.#deps;
    const answer = await store.getMessage(conversationId, answerId);
    if (!answer || isClosed(answer.status) || !(await isAbandoned(answer))) return;
    await answers.requeue({ conversationId, answerId });
    metrics.answerSwept();
    this.#log.warn({ conversationId, answerId }, 'nobody worked on an open answer, queued it again');
  }

  #query(ageMs: number, after: string | undefined): UnfinishedQuery {
    return { before: new Date(this.#now() - ageMs), limit: BATCH, after };
  }

  #now(): number {
    return this.#deps.clock().getTime();
  }
}
