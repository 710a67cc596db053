import type { Environment, WakeEvent } from '../src/environment.ts';
import type { Link, LinkListener, LinkTarget } from '../src/connection/link.ts';
import { memoryStorage, type KeyValueStorage } from '../src/storage/key-value-storage.ts';

interface Asked {
  readonly event: string;
  readonly payload: Record<string, unknown>;
  /** Acknowledges; undefined is the deadline. */
  readonly answer: (ack: unknown) => void;
}

/** One connection attempt, played by the test. */
export class FakeLink implements Link {
  readonly target: LinkTarget;
  readonly listener: LinkListener;
  readonly asked: Asked[] = [];
  readonly told: { event: string; payload: unknown }[] = [];
  isClosed = false;

  constructor(target: LinkTarget, listener: LinkListener) {
    this.target = target;
    this.listener = listener;
  }

  async ask(event: string, payload: unknown): Promise<unknown> {
    return new Promise(answer => {
      this.asked.push({ event, payload: payload as Record<string, unknown>, answer });
    });
  }

  tell(event: string, payload: unknown): void {
    this.told.push({ event, payload });
  }

  close(): void {
    this.isClosed = true;
    for (const { answer } of this.asked) answer(undefined);
  }

  /** The newest call of that name. */
  call(event: string): Asked {
    const asked = this.asked.findLast(call => call.event === event);
    if (!asked) throw new Error(`nobody asked to ${event}`);
    return asked;
  }
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A machine whose clock, timers, network and servers are the test's. */
export class FakeMachine {
  readonly storage: KeyValueStorage;
  readonly links: FakeLink[] = [];
  readonly timers = new Set<Timer>();
  readonly watchers = new Set<(event: WakeEvent) => void>();
  time = 0;
  #ids = 0;

  constructor(storage: KeyValueStorage = memoryStorage()) {
    this.storage = storage;
  }

  readonly now = (): number => this.time;
  readonly random = (): number => 0.5;
  readonly newId = (): string => `id-${++this.#ids}`;

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };

  readonly watchWakeEvents = (listener: (event: WakeEvent) => void): (() => void) => {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  };

  readonly openLink = (target: LinkTarget, listener: LinkListener): FakeLink => {
    const link = new FakeLink(target, listener);
    this.links.push(link);
    return link;
  };

  get environment(): Environment {
    const { storage, watchWakeEvents, now, after, random, newId, openLink } = this;
    return { storage, watchWakeEvents, now, after, random, newId, openLink };
  }

  get link(): FakeLink {
    const link = this.links.at(-1);
    if (!link) throw new Error('no link has been opened');
    return link;
  }

  say(event: WakeEvent): void {
    for (const watcher of this.watchers) watcher(event);
  }

  /** Lets time pass, running what is due in order, and lets everything settle that waits for it. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next);
      this.time = next.at;
      next.run();
      await settled();
    }
    this.time = end;
    await settled();
  }
}

/** Resolves when everything that waits for nothing but promises has run. */
export async function settled(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}
