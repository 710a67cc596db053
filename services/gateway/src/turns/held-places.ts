import { ParleyError, isClosed } from '@parley/contracts';
import { scoped, type HistoryClient, type Log } from '@parley/platform';
import pMap from 'p-map';
import type { Group, SharedPlaces } from './shared-places.ts';

const RENEWED_AT_ONCE = 100;
const ASKED_AT_ONCE = 8;
/** Most answers have ended by then, and somebody here has heard of it. */
const FIRST_ASKED_IN_ROUND = 2;

/** The place of an answer that is open. */
export interface HeldPlace {
  readonly conversationId: string;
  readonly groups: readonly Group[];
  readonly member: string;
}

interface Entry extends HeldPlace {
  readonly answerId: string;
  rounds: number;
  askedInRound: number;
}

/**
 * The places of the answers that were asked for here. Each round renews all of them, and asks history after some: in the rounds
 * 2, 4, 8 and so on of each answer, because what has taken long may take as long again, and a long queue must not become many
 * questions. A history that is slow keeps no place from being renewed.
 */
export class HeldPlaces {
  readonly #places: SharedPlaces;
  readonly #history: Pick<HistoryClient, 'call'>;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Set<string>();

  constructor(places: SharedPlaces, history: Pick<HistoryClient, 'call'>, log: Log) {
    this.#places = places;
    this.#history = history;
    this.#log = scoped(log, { component: 'HeldPlaces', function: 'nextRound' });
  }

  add(answerId: string, place: HeldPlace): void {
    this.#entries.set(answerId, { ...place, answerId, rounds: 0, askedInRound: FIRST_ASKED_IN_ROUND });
  }

  /** The answer has ended. */
  free(answerId: string): void {
    const entry = this.#entries.get(answerId);
    if (!entry) return;
    this.#entries.delete(answerId);
    // If Redis is away, the place runs out.
    this.#places.free(entry.groups, entry.member).catch(() => undefined);
  }

  nextRound(): void {
    const entries = [...this.#entries.values()];
    for (const entry of entries) entry.rounds += 1;
    const due = entries.filter(({ rounds, askedInRound }) => rounds >= askedInRound);
    void this.#forEach('renewal', entries, RENEWED_AT_ONCE, entry => this.#renew(entry));
    void this.#forEach('question', due, ASKED_AT_ONCE, entry => this.#freeIfEnded(entry));
  }

  /** Skipped while the last round's work of the kind goes on. */
  async #forEach(
    kind: string,
    entries: readonly Entry[],
    atOnce: number,
    work: (entry: Entry) => Promise<void>,
  ): Promise<void> {
    if (this.#underWay.has(kind)) return;
    this.#underWay.add(kind);
    const errors: unknown[] = [];
    const workIfHeld = async (entry: Entry): Promise<void> => {
      // Its turn may come after its end.
      if (this.#entries.get(entry.answerId) !== entry) return;
      await work(entry).catch((error: unknown) => errors.push(error));
    };
    await pMap(entries, workIfHeld, { concurrency: atOnce });
    this.#underWay.delete(kind);
    // Redis or history is away. The next round tries again.
    if (errors.length > 0)
      this.#log.debug({ err: errors[0], kind, failed: errors.length }, 'round not complete');
  }

  async #renew({ groups, member }: Entry): Promise<void> {
    await this.#places.renew(groups, member);
  }

  async #freeIfEnded(entry: Entry): Promise<void> {
    if (await this.#hasEnded(entry)) this.free(entry.answerId);
    else entry.askedInRound = entry.rounds * 2;
  }

  async #hasEnded({ conversationId, answerId }: Entry): Promise<boolean> {
    try {
      const request = { conversationId, messageId: answerId };
      const { message } = await this.#history.call('getMessage', request);
      return isClosed(message.status);
    } catch (error) {
      if (error instanceof ParleyError && error.status === 404) return true;
      throw error;
    }
  }
}
