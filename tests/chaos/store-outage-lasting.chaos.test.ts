import { setTimeout as lasting } from 'node:timers/promises';
import { OwnedMongo } from '@parley/testkit';
import { describe, expect, test } from 'vitest';
import { readLedger } from './load/read-ledger.ts';
import {
  HELD,
  StoreOutageWorld,
  answered,
  expectRefusal,
  replyTo,
  sending,
  warmPool,
  type Sending,
} from './store-outage-world.ts';

/** When the tries of an answer's job are used up, which only the sweeper repairs. */
const TRIES_LAST_S = 32;
/** A store that is asked to stop needs a moment, and history one to notice. */
const NOTICED_S = 10;

interface Outage {
  readonly seconds: number;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** One answer is being written when the store goes, and one waits for the same worker, which claims it in vain. */
async function busy(world: StoreOutageWorld): Promise<Sending[]> {
  const [held, waiting] = [sending(await world.client(0), HELD), sending(await world.client(0), 'And me?')];
  await held.client.ask('send', held.message);
  await world.provider.waitFor(requests => requests.some(({ held: isHeld }) => isHeld));
  await waiting.client.ask('send', waiting.message);
  return [held, waiting];
}

/** Nothing is under way. */
async function idle(world: StoreOutageWorld): Promise<Sending[]> {
  const before = sending(await world.client(0), 'Before?');
  await answered(before);
  return [before];
}

async function suffer(world: StoreOutageWorld, work: typeof busy, outage: Outage): Promise<void> {
  const taken = await work(world);
  const inBetween = sending(await world.client(0), 'In between?', taken[0]?.message.conversationId);
  await outage.begin();
  const away = lasting(outage.seconds * 1_000);
  if (work === busy) world.release();
  if (outage.seconds > NOTICED_S) await expectRefusal(inBetween);
  await away;
  await outage.end();
  const sends = [...taken, inBetween];
  const entries = await Promise.all(sends.map(answered));
  const prompts = world.provider.requests.map(({ prompt }) => prompt);
  const ledger = await readLedger(world.url, entries, world.provider);
  expect(ledger).toMatchObject({
    ...{ sent: sends.length, acked: sends.length },
    ...{ lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 },
  });
  expect(entries.map(({ shown }) => shown)).toEqual(entries.map(({ prompt }) => replyTo(prompt)));
  expect(prompts.filter(prompt => prompt === HELD)).toHaveLength(work === busy ? 1 : 0);
  if (work === busy && outage.seconds > TRIES_LAST_S) expect(await world.swept()).toBeGreaterThan(0);
  for (const { client } of sends) client.socket.disconnect();
}

const loads = [
  { load: 'busy', work: busy },
  { load: 'idle', work: idle },
];
const few = { processes: 1, concurrency: 1 };

describe.concurrent.each([60, 20, 3])('the store away for %i s', seconds => {
  test.for(loads)('SQLite with a killed history, $load: nothing is lost or there twice', async ({ work }) => {
    await using world = await StoreOutageWorld.start({ ...few, database: 'sqlite' });
    const [begin, end] = [() => world.killHistory(), () => world.restartHistory()];
    await suffer(world, work, { seconds, begin, end });
  });
});

// How long it takes does not depend on the store: one length shows that this one comes back, too.
describe.concurrent('the store away for 20 s', () => {
  test.for(loads)('MongoDB stopped, $load: nothing is lost or there twice', async ({ work }, { skip }) => {
    await using mongo = await OwnedMongo.start(process.env);
    if (!mongo) return skip();
    await using world = await StoreOutageWorld.start({ ...few, database: warmPool(mongo) });
    const [begin, end] = [() => mongo.stop(), () => mongo.restart()];
    await suffer(world, work, { seconds: 20, begin, end });
  });
});
