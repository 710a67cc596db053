import { ParleyError } from '@parley/contracts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Socket } from 'socket.io';

/** How many events one connection may send a minute, in all its namespaces together and however often it enters them. */
export class EventLimit {
  readonly #limiter: RateLimiterMemory;

  constructor(perMinute: number) {
    this.#limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /** @throws ParleyError RATE_LIMIT_EXCEEDED */
  async take(socket: Socket): Promise<void> {
    // Engine.IO keeps its connections' ids to itself in its types only.
    const { id } = socket.conn as unknown as { id: string };
    try {
      await this.#limiter.consume(id);
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      throw new ParleyError('RATE_LIMIT_EXCEEDED', { retryAfterMs: thrown.msBeforeNext });
    }
  }
}
