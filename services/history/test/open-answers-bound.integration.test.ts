import { expect, test } from 'vitest';
import { newId, startHistory, startRedis } from './running-history.ts';

test('a conversation has no more open answers than asked for; a repeated turn is none more, and an edit makes room', async () => {
  const { client } = await startHistory(await startRedis());
  const conversationId = newId();
  const turn = (clientMessageId: string, replaces?: string) =>
    client.call('appendTurn', { conversationId, clientMessageId, content: 'Why?', replaces, maxOpen: 2 });
  const first = await turn('k1');
  await turn('k2');
  const refusal = { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number };
  await expect(turn('k3')).rejects.toMatchObject(refusal);
  expect(await turn('k1')).toMatchObject({ message: { id: first.message.id }, created: false });
  expect(await turn('k4', first.message.id)).toMatchObject({ created: true });
  await turn('k5');
  await expect(turn('k6')).rejects.toMatchObject(refusal);
});
