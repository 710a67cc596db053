import type { HistoryClient } from '@parley/platform';

const LOOK_EVERY_MS = 2_000;

/** Whether history answers, as of a moment ago: a health check must not wait for what is down. */
export class HistoryHealth {
  readonly #timer: NodeJS.Timeout;
  #isUp = true;

  constructor(history: HistoryClient) {
    const look = async (): Promise<void> => {
      this.#isUp = await history.isReady();
    };
    this.#timer = setInterval(() => void look(), LOOK_EVERY_MS);
    void look();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
