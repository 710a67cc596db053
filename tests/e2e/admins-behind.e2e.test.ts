import { redisNames } from '@parley/contracts';
import { Cluster, OwnedRedis, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CutLink } from './clients/cut-link.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

let provider: ScriptedProvider;
let redis: OwnedRedis;
let link: CutLink;
let cluster: Cluster;
/** The gateway that Redis can be cut off from, and another one. */
let desk: string;
let other: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(answer('Because.'));
  redis = await OwnedRedis.start();
  link = await CutLink.start(redis.port);
  cluster = await Cluster.start({ gateways: 0, provider, redis });
  ({ url: desk } = await cluster.addGateway({ REDIS_URL: `redis://127.0.0.1:${link.port}` }));
  ({ url: other } = await cluster.addGateway());
});
afterAll(async () => {
  await cluster.stop();
  await link[Symbol.asyncDispose]();
  await redis.stop();
  await provider.stop();
});

async function enterAdmin(gateway: string): Promise<RecordingClient> {
  const admin = await RecordingClient.connect(gateway, { auth: { token: cluster.adminToken } });
  expect(await admin.ask('admin-connect')).toEqual({ ok: true });
  return admin;
}

const readiness = async (): Promise<number> => (await fetch(`${desk}/readyz`)).status;

/** Asks on the gateway that hears, until it is answered. */
async function converse(visitor: RecordingClient, sessionId: string, content: string): Promise<void> {
  const answers = visitor.all('message').length;
  expect(await visitor.ask('user_message', { sessionId, content })).toMatchObject({ ok: true });
  await waitFor(() => visitor.all('message').length > answers, { what: `the answer to ${content}` });
}

const heardOf = (admin: RecordingClient, sessionId: string): unknown[] =>
  admin
    .all('new-message')
    .filter(news => news.sessionId === sessionId)
    .map(({ message }) => (message as { content: string }).content);

test('an admin whose gateway heard nothing for a while is told what was said meanwhile, and nothing twice', async () => {
  using visitor = await RecordingClient.connect(other);
  const { sessionId: known } = (await visitor.ask('init_session', {})) as { sessionId: string };
  await converse(visitor, known, 'Before anybody looked?');
  using admin = await enterAdmin(desk);
  await converse(visitor, known, 'One?');
  await waitFor(() => heardOf(admin, known).length === 2, { what: 'what the admin hears' });

  link.cut();
  await waitFor(async () => (await readiness()) === 503, { what: 'the gateway to notice' });
  await converse(visitor, known, 'Two?');
  using stranger = await RecordingClient.connect(other);
  const { sessionId: fresh } = (await stranger.ask('init_session', {})) as { sessionId: string };
  await converse(stranger, fresh, 'Anybody there?');
  using colleague = await enterAdmin(other);
  const tale = Array.from({ length: 25 }, (_, n) => `Part ${n}.`);
  for (const content of tale)
    expect(await colleague.ask('admin_message', { sessionId: fresh, content })).toMatchObject({ ok: true });
  link.mend();

  await waitFor(() => heardOf(admin, fresh).length >= 27, { what: 'what the admin missed' });
  await waitFor(async () => (await readiness()) === 200, { what: 'the gateway to be back' });
  await converse(visitor, known, 'Three?');
  await waitFor(() => heardOf(admin, known).length >= 6, { what: 'what was said after it' });
  const said = ['One?', 'Because.', 'Two?', 'Because.', 'Three?', 'Because.'];
  expect(heardOf(admin, known)).toEqual(said);
  expect(heardOf(admin, fresh)).toEqual(['Anybody there?', 'Because.', ...tale]);
});

test('what is announced to admins twice is told once', async () => {
  using admin = await enterAdmin(desk);
  using visitor = await RecordingClient.connect(other);
  const { sessionId } = (await visitor.ask('init_session', {})) as { sessionId: string };
  const ear = new Redis(redis.url);
  const announced: string[] = [];
  ear.on('message', (_channel: string, frame: string) => announced.push(frame));
  await ear.subscribe(redisNames.activityChannel);
  await converse(visitor, sessionId, 'Once?');
  await waitFor(() => heardOf(admin, sessionId).length === 2, { what: 'both messages' });
  const again = new Redis(redis.url);
  for (const frame of [...announced]) await again.publish(redisNames.activityChannel, frame);
  ear.disconnect();
  again.disconnect();
  await call(other, '/api/chat/message', { body: { sessionId, content: 'Last?', sender: 'user' } });
  await waitFor(() => heardOf(admin, sessionId).includes('Last?'), { what: 'what was said last' });
  expect(heardOf(admin, sessionId).slice(0, 3)).toEqual(['Once?', 'Because.', 'Last?']);
});
