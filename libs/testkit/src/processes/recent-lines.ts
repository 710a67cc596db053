/** The last lines of an output, whole ones, so that a failure can show what came before it. */
export class RecentLines {
  readonly #keep: number;
  readonly #lines: string[] = [];

  constructor(keep: number) {
    this.#keep = keep;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#keep) this.#lines.shift();
  }

  get all(): readonly string[] {
    return this.#lines;
  }
}
