import { randomUUID } from 'node:crypto';
import { Cluster } from '@parley/testkit';
import { expect, test } from 'vitest';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

const DEMO =
  'This is a demo response. To enable AI responses, add your OpenAI API key to the environment variables.';

test('without a key Parley answers by itself and says how to change that', async () => {
  await using cluster = await Cluster.start();
  const url = cluster.gateways[0]?.url ?? '';
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(url);
  visitor.say('stream_chat', { message: 'Hello', conversationId });
  await visitor.until('stream_complete');
  expect(visitor.all('stream_chunk').at(-1)).toMatchObject({ content: DEMO, isComplete: true });
  const { body } = await call(url, '/api/chat', { body: { message: 'Hello' } });
  expect(body.message.content).toBe(DEMO);
});
