import type { Typist } from '@parley/contracts';
import type { After } from './environment.ts';

/** Said again after so many milliseconds while it lasts. */
const SAY_EVERY_MS = 3_000;
/** The contract's: whoever would tell that somebody has stopped may be gone. */
const BELIEVE_MS = 6_000;

export interface TypingNoticesDependencies {
  readonly say: (isTyping: boolean) => void;
  readonly onExpired: (who: Typist) => void;
  readonly after: After;
  readonly now: () => number;
}

/** Says no more often than needed that somebody types here, and believes no longer than justified that others do. */
export class TypingNotices {
  readonly #deps: TypingNoticesDependencies;
  readonly #cancels = new Map<Typist, () => void>();
  #saidAt: number | undefined;

  constructor(deps: TypingNoticesDependencies) {
    this.#deps = deps;
  }

  /** Call it at every key. */
  set(isTyping: boolean): void {
    const now = this.#deps.now();
    const isKnown = this.#saidAt !== undefined && now - this.#saidAt < SAY_EVERY_MS;
    if (isTyping ? isKnown : this.#saidAt === undefined) return;
    this.#saidAt = isTyping ? now : undefined;
    this.#deps.say(isTyping);
  }

  /** What was written has been sent: everybody sees that it is not typed any more. */
  sent(): void {
    this.#saidAt = undefined;
  }

  heard(who: Typist, isTyping: boolean): void {
    this.#cancels.get(who)?.();
    this.#cancels.delete(who);
    if (isTyping)
      this.#cancels.set(
        who,
        this.#deps.after(BELIEVE_MS, () => this.#deps.onExpired(who)),
      );
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
    this.#saidAt = undefined;
  }
}
