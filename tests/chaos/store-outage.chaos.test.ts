import { randomUUID } from 'node:crypto';
import { setTimeout as lasting } from 'node:timers/promises';
import { OwnedMongo, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { shownText } from '../e2e/clients/native-client.ts';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import { converse } from './load/converse.ts';
import { tally, type Entry } from './load/ledger.ts';
import { readStored } from './load/read-stored.ts';
import { HELD, StoreOutageWorld, replyTo } from './store-outage-world.ts';

const LOAD = { conversations: 8, parallel: 8, turns: 4, patienceMs: 60_000 };
const OUTAGE_MS = 7_000;
const RECOVERY_MS = 30_000;

const outages = [
  // No SIGKILL: what stands in for MongoDB, where there is none, keeps its data only over an orderly end.
  { how: 'stopped', begin: 'stop', end: 'restart' },
  { how: 'hung', begin: 'pause', end: 'resume' },
] as const;

/** A message, and who sends it. */
interface Sending {
  readonly client: RecordingClient;
  readonly message: { readonly conversationId: string; readonly clientMessageId: string; content: string };
}

function sending(client: RecordingClient, content: string, conversationId: string = randomUUID()): Sending {
  return { client, message: { conversationId, clientMessageId: randomUUID(), content } };
}

/** The acknowledgement comes before the client gives up waiting for it, and says when to try again. */
async function expectRefusal({ client, message }: Sending): Promise<void> {
  const error = { code: 'HISTORY_UNAVAILABLE', retryAfterMs: expect.any(Number) as number };
  expect(await client.ask('send', message)).toMatchObject({ ok: false, error });
}

/** Sends, as a client that does not give up; resolves with what it shows as the answer once that is stored. */
async function answered({ client, message }: Sending): Promise<Entry> {
  const startedAt = performance.now();
  const { conversationId, content: prompt } = message;
  const taken = async (): Promise<unknown> => (await client.ask('send', message)).answerId;
  const answerId = await waitFor(taken, { what: `"${prompt}" to be taken`, deadlineMs: RECOVERY_MS });
  const { content } = await client.until('answer-ended', ({ id }) => id === answerId, RECOVERY_MS);
  const tookMs = performance.now() - startedAt;
  const streamed = [shownText(client, answerId)];
  return { conversationId, prompt, acked: true, tookMs, shown: content as string, streamed };
}

test.for(outages)(
  'MongoDB $how under load: sends are refused, ended answers wait, nothing is lost or there twice',
  async ({ begin, end }, { skip }) => {
    await using mongo = await OwnedMongo.start(process.env);
    if (!mongo) return skip();
    await using world = await StoreOutageWorld.start(mongo);
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
    const ledger = tally(entries, await readStored(world.url, entries), prompts);
    console.log(ledger);
    const sent = LOAD.conversations * LOAD.turns + repeated.length;
    const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
    expect(ledger).toMatchObject(clean);
    expect(prompts.filter(prompt => prompt === HELD)).toHaveLength(1);
    // Nobody gets an apology for an answer that the provider was never asked for.
    expect(entries.map(({ shown }) => shown)).toEqual(entries.map(({ prompt }) => replyTo(prompt)));
  },
);
