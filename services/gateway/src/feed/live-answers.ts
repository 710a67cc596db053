import type { LiveAnswer } from './live-answer.ts';

/**
 * The answers of one conversation that are under way; hardly ever more than two.
 *
 * A list and no Map, because each piece's id is a string that has just been parsed: to look for such a one in a Map, V8 first
 * enters it in its table of all strings, which costs more than to compare it.
 */
export class LiveAnswers {
  readonly #answers: LiveAnswer[] = [];

  get size(): number {
    return this.#answers.length;
  }

  get(answerId: string): LiveAnswer | undefined {
    return this.#answers[this.#indexOf(answerId)];
  }

  /** Adds it, or replaces what was known of the same answer. */
  set(live: LiveAnswer): void {
    const index = this.#indexOf(live.answerId);
    if (index === -1) this.#answers.push(live);
    else this.#answers[index] = live;
  }

  /** @returns whether it was there. */
  delete(answerId: string): boolean {
    const index = this.#indexOf(answerId);
    if (index === -1) return false;
    this.#answers.splice(index, 1);
    return true;
  }

  clear(): void {
    this.#answers.length = 0;
  }

  list(): readonly LiveAnswer[] {
    return [...this.#answers];
  }

  #indexOf(answerId: string): number {
    return this.#answers.findIndex(live => live.answerId === answerId);
  }
}
