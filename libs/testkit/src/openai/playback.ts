import type { ServerResponse } from 'node:http';
import type { ReplyStep } from './reply-step.ts';

interface PlaybackEvents {
  onHold(held: boolean): void;
  /** The script has been played to its end, which may be a cut or a reset. */
  onEnd(): void;
}

/** Plays the steps of one reply on its response. Holds at most one timer; `stop` releases it. */
export class Playback {
  readonly #steps: Iterator<ReplyStep>;
  readonly #response: ServerResponse;
  readonly #events: PlaybackEvents;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #permits = 0;
  #held = false;
  #over = false;

  constructor(steps: Iterable<ReplyStep>, response: ServerResponse, events: PlaybackEvents) {
    this.#steps = steps[Symbol.iterator]();
    this.#response = response;
    this.#events = events;
  }

  start(): void {
    this.#due = performance.now();
    this.#play();
  }

  /** Lets that many holds pass: the one it waits at, and ones it has yet to reach. */
  permit(count: number): void {
    this.#permits += count;
    if (!this.#held || this.#permits < 1) return;
    this.#permits -= 1;
    this.#held = false;
    this.#due = performance.now();
    this.#events.onHold(false);
    this.#play();
  }

  /** Plays no further; true when the end had not been reached. */
  stop(): boolean {
    const wasPlaying = !this.#over;
    this.#over = true;
    clearTimeout(this.#timer);
    return wasPlaying;
  }

  readonly #play = (): void => {
    while (!this.#over) {
      const next = this.#steps.next();
      if (next.done) this.#finish();
      else if (!this.#perform(next.value)) return;
    }
  };

  /** False when the next step has to wait for something. */
  #perform(step: ReplyStep): boolean {
    switch (step.kind) {
      case 'head':
        this.#response.writeHead(step.status, step.headers);
        return true;
      case 'write':
        // One write per turn of the event loop, once its bytes are with the kernel: a slow client is minded,
        // and one in the same process can react between two writes.
        this.#response.write(step.data, () => setImmediate(this.#play));
        return false;
      case 'wait':
        return this.#wait(step.ms);
      case 'hold':
        return this.#hold();
      case 'end':
        this.#response.end(step.data);
        return true;
      case 'cut':
        this.#response.socket?.destroySoon();
        return true;
      case 'reset':
        this.#response.socket?.resetAndDestroy();
        return true;
    }
  }

  #wait(ms: number): boolean {
    if (ms === Infinity) return false;
    this.#due += ms;
    const left = this.#due - performance.now();
    if (left <= 0) return true;
    this.#timer = setTimeout(this.#play, left);
    return false;
  }

  #hold(): boolean {
    if (this.#permits > 0) {
      this.#permits -= 1;
      return true;
    }
    this.#held = true;
    this.#events.onHold(true);
    return false;
  }

  #finish(): void {
    this.#over = true;
    this.#events.onEnd();
  }
}
