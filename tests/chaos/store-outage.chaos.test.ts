import { setTimeout as lasting } from 'node:timers/promises';
import { OwnedMongo, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { shownText } from '../e2e/clients/native-client.ts';
import { converse } from './load/converse.ts';
import { readLedger } from './load/read-ledger.ts';
import {
  HELD,
  RECOVERY_MS,
  StoreOutageWorld,
  answered,
  expectRefusal,
  replyTo,
  sending,
  warmPool,
} from './store-outage-world.ts';

const LOAD = { conversations: 8, parallel: 8, turns: 4, patienceMs: 60_000 };
const OUTAGE_MS = 7_000;

const outages = [
  // No SIGKILL: what stands in for MongoDB, where there is none, keeps its data only over an orderly end.
  { how: 'stopped', begin: 'stop', end: 'restart' },
  { how: 'hung', begin: 'pause', end: 'resume' },
] as const;

test.for(outages)(
  'MongoDB $how under load: sends are refused, ended answers wait, nothing is lost or there twice',
  async ({ begin, end }, { skip }) => {
    await using mongo = await OwnedMongo.start(process.env);
    if (!mongo) return skip();
    await using world = await StoreOutageWorld.start({
      database: warmPool(mongo),
      processes: 2,
      concurrency: 2,
    });
    const { provider } = world;
    using visitor = await world.client(0);
    using newcomer = await world.client(1);
    const held = sending(visitor, HELD);
    const next = sending(visitor, 'And then?', held.message.conversationId);
    const other = sending(newcomer, 'Is anybody there?');
    const answerId = String((await visitor.ask('send', held.message)).answerId);
    const talking = converse({ ...LOAD, url: world.url });
    await provider.waitFor(requests => requests.some(request => request.prompt === HELD && request.held));
    await provider.waitFor(requests => requests.length > LOAD.parallel, 20_000);

    await mongo[begin]();
    try {
      const away = lasting(OUTAGE_MS);
      world.release();
      await Promise.all([expectRefusal(next), expectRefusal(other)]);
      await waitFor(() => shownText(visitor, answerId) === replyTo(HELD), { what: 'the whole text' });
      await waitFor(() => world.waitsToBeStored(answerId), { what: 'the ended answer to be queued' });
      await waitFor(async () => (await world.notReadyBecause()).includes('the database does not answer'), {
        what: 'history to say what it lacks',
      });
      await away;
      await Promise.all([expectRefusal(next), expectRefusal(other)]);
      expect(visitor.all('answer-ended')).toEqual([]);
      expect(await world.waitsToBeStored(answerId)).toBe(true);
      expect(await world.storeErrors()).toBeGreaterThan(0);
    } finally {
      await mongo[end]();
    }

    const stored = await visitor.until('answer-ended', ({ id }) => id === answerId, RECOVERY_MS);
    expect(stored).toMatchObject({ status: 'complete', epoch: 1, content: replyTo(HELD) });
    await waitFor(async () => (await world.notReadyBecause()).length === 0, { what: 'history to be ready' });
    // The first is a repetition: it was taken, and answered, before.
    const repeated = await Promise.all([held, next, other].map(answered));
    const entries = [...repeated, ...(await talking)];
    const prompts = provider.requests.map(({ prompt }) => prompt);
    const ledger = await readLedger(world.url, entries, provider);
    console.log(ledger);
    const sent = LOAD.conversations * LOAD.turns + repeated.length;
    const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
    expect(ledger).toMatchObject(clean);
    expect(prompts.filter(prompt => prompt === HELD)).toHaveLength(1);
    // Nobody gets an apology for an answer that the provider was never asked for.
    expect(entries.map(({ shown }) => shown)).toEqual(entries.map(({ prompt }) => replyTo(prompt)));
  },
);
