import { randomUUID } from 'node:crypto';
import { Cluster } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';

let cluster: Cluster;
let url: string;

beforeAll(async () => {
  cluster = await Cluster.start();
  url = cluster.gateways[0]?.url ?? '';
});
afterAll(() => cluster.stop());

/** What a client is told of a conversation in which somebody else is answered now. */
async function overhears(client: RecordingClient, conversationId: string): Promise<unknown[]> {
  const from = client.events.length;
  using other = await nativeClient(url);
  await other.ask('resume', { conversationId });
  await send(other, conversationId, 'Is anybody else here?');
  await other.until('answer-ended');
  // What had been told it would have come before this.
  await client.ask('leave', { conversationId: randomUUID() }).catch(() => undefined);
  return client.events.slice(from).filter(({ event }) => event !== 'error');
}

test('who has left is not brought back by what it says of the conversation', async () => {
  const conversationId = randomUUID();
  using client = await nativeClient(url);
  const { answerId } = await send(client, conversationId, 'Hello');
  await client.until('answer-ended');
  await client.ask('leave', { conversationId });
  await client.ask('typing', { conversationId, isTyping: false });
  await client.ask('stop', { conversationId, answerId });
  expect(await overhears(client, conversationId)).toEqual([]);
});

test('who leaves at once, before it has quite come in, has left', async () => {
  for (const event of ['send', 'retry', 'resume']) {
    const conversationId = randomUUID();
    using client = await nativeClient(url);
    const said = { conversationId, clientMessageId: randomUUID(), content: 'Hello', answerId: 'a_none' };
    const asked = client.ask(event, said);
    await client.ask('leave', { conversationId });
    await asked;
    expect(await overhears(client, conversationId)).toEqual([]);
  }
  const conversationId = randomUUID();
  using client = await RecordingClient.connect(url);
  const joined = client.ask('join_conversation', { conversationId });
  await client.ask('leave_conversation', { conversationId });
  await joined;
  expect(await overhears(client, conversationId)).toEqual([]);
});
