// Each test, and each file, must leave this process, and the Redis it owned, as they were before.
import { afterAll, beforeEach } from 'vitest';
import { checkOwnedRedis } from './check-owned-redis.ts';
import { ProcessCheck } from './process-check.ts';
import { TimerLedger } from './timer-ledger.ts';

const ledger = new TimerLedger();
const beforeFile = await ProcessCheck.start(ledger);
/** Tests that run at the same time are checked together, when the last of them has finished. */
let beforeTests: Promise<ProcessCheck>;
let running = 0;
let hasFailed = false;
const leftInRedis: unknown[] = [];

checkOwnedRedis(error => leftInRedis.push(error));

async function expectNone(before: ProcessCheck): Promise<void> {
  const errors = leftInRedis.splice(0);
  // Who has failed may not have come to cleaning up, and its own error says more.
  if (hasFailed) return;
  if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('\n'));
  await before.expectNone();
}

// The first hook of all, so what it defers comes after everything that a test cleans up.
beforeEach(async ({ task, onTestFinished }) => {
  running += 1;
  if (running === 1) beforeTests = ProcessCheck.start(ledger);
  onTestFinished(async () => {
    running -= 1;
    hasFailed ||= task.result?.state === 'fail';
    if (running === 0) await expectNone(await beforeTests);
  });
  await beforeTests;
});

afterAll(() => expectNone(beforeFile));
