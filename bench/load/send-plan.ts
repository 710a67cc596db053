import { setTimeout as pause } from 'node:timers/promises';
import type { Summary } from '../measure/percentiles.ts';
import { monotonicMs } from '../measure/monotonic.ts';
import { withDeadline } from './with-deadline.ts';

/** Messages sent at a steady rate. */
export interface SendPlan {
  readonly perSecond: number;
  /** Seconds that are measured, after a warm-up that is not. */
  readonly seconds: number;
}

/** Milliseconds. */
export interface SendResult {
  /** From the send to the acknowledgement. */
  readonly ack: Summary;
  /** From the send until the answer begins, the provider's own time not counted. */
  readonly answer: Summary;
}

/** Programs are slow until they have run for a while. */
const WARM_UP_S = 3;
const PATIENCE_MS = 30_000;

/**
 * Starts a send at its time whether or not those before it have ended, and waits for all of them.
 *
 * @param send gets the number of the send, and whether it counts.
 */
export async function sendSteadily(
  { perSecond, seconds }: SendPlan,
  send: (index: number, counts: boolean) => Promise<void>,
): Promise<void> {
  const startsAt = monotonicMs();
  const sends: Promise<void>[] = [];
  const failed = Promise.withResolvers<never>();
  for (let index = 0; index < (WARM_UP_S + seconds) * perSecond; index++) {
    const dueMs = startsAt + (index * 1_000) / perSecond - monotonicMs();
    await Promise.race([pause(Math.max(dueMs, 0)), failed.promise]);
    const sent = send(index, index >= WARM_UP_S * perSecond);
    sent.catch(failed.reject);
    sends.push(sent);
  }
  await withDeadline(Promise.all(sends), PATIENCE_MS, 'what was sent last');
}
