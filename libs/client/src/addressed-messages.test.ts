import { ERRORS, type ErrorCode } from '@parley/contracts';
import { expect, test } from 'vitest';
import { clientOnFakeMachine, resumed, row } from '../test/client-on-fake-machine.ts';
import { settled, type FakeMachine } from '../test/fake-machine.ts';
import { memoryStorage } from './storage/key-value-storage.ts';

type Tab = ReturnType<typeof clientOnFakeMachine>;

const refused = (code: ErrorCode) => ({ ok: false, error: { code, message: ERRORS[code].message } });
const inConversation = (conversationId: string, token = 'issued') => resumed([], { conversationId, token });

async function answer({ link }: FakeMachine, call: string, ack: unknown): Promise<void> {
  link.call(call).answer(ack);
  await settled();
}
const sentBy = ({ machine }: Tab): unknown[] =>
  machine.links
    .flatMap(({ asked }) => asked)
    .filter(({ event }) => event === 'send' || event === 'say-as-admin')
    .map(({ payload }) => [payload.conversationId, payload.content]);
const outgoing = ({ client }: Tab) => client.getSnapshot().transcript.outgoing;

test('a message to a conversation that is gone is sent to the one that takes its place, under the same id', async () => {
  const tab = clientOnFakeMachine();
  const { machine, client, goOnline } = tab;
  await goOnline();
  machine.link.listener.event({ type: 'deleted', payload: { conversationId: 'c-1' } });
  const id = client.send('Anybody there?');
  client.send('Hello?');
  await settled();
  await answer(machine, 'send', refused('CONVERSATION_NOT_FOUND'));
  expect(machine.link.call('resume').payload.conversationId).toBe('c-1');
  await answer(machine, 'resume', inConversation('c-2'));
  // The second one was on its way to the old one all the while.
  await answer(machine, 'send', refused('CONVERSATION_NOT_FOUND'));
  expect(machine.link.call('send').payload).toMatchObject({ conversationId: 'c-2', clientMessageId: id });
  await answer(machine, 'send', { ok: true, message: row(1, { conversationId: 'c-2' }) });
  await answer(machine, 'send', { ok: true, message: row(2, { conversationId: 'c-2' }) });
  expect(outgoing(tab)).toEqual([]);
  expect(client.getSnapshot().transcript.messages).toHaveLength(2);
});

test('if it is gone all the same, the message fails, and nothing is asked again and again', async () => {
  const tab = clientOnFakeMachine();
  const { machine, client, goOnline } = tab;
  await goOnline();
  client.send('x');
  await settled();
  await answer(machine, 'send', refused('CONVERSATION_NOT_FOUND'));
  await answer(machine, 'resume', resumed());
  expect(outgoing(tab)).toMatchObject([{ status: 'failed', error: { code: 'CONVERSATION_NOT_FOUND' } }]);
  expect(machine.link.asked).toHaveLength(3);
});

test('a command that finds the conversation gone shows the one that takes its place', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline([row(1)]);
  const stopped = client.stop('a');
  machine.link.call('stop').answer(refused('CONVERSATION_NOT_FOUND'));
  await expect(stopped).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  await answer(machine, 'resume', inConversation('c-2'));
  expect(client.getSnapshot().transcript).toMatchObject({ conversationId: 'c-2', messages: [] });
});

test('what an admin says to somebody is said to nobody else', async () => {
  const tab = clientOnFakeMachine({ token: 'admin', conversationId: 'c-1' });
  const { machine, client, goOnline } = tab;
  await goOnline();
  client.sayAsAdmin('Sorry to hear that');
  await settled();
  await answer(machine, 'say-as-admin', refused('CONVERSATION_NOT_FOUND'));
  expect(machine.link.asked.map(({ event }) => event)).toEqual(['resume', 'say-as-admin']);
  machine.say('wake');
  await answer(machine, 'resume', inConversation('c-2'));
  expect(sentBy(tab)).toEqual([['c-1', 'Sorry to hear that']]);
  expect(outgoing(tab)).toMatchObject([{ status: 'failed' }]);
});

test('what went wrong on the server’s side is asked once more, with the same key, and then told', async () => {
  const tab = clientOnFakeMachine();
  const { machine, client, goOnline } = tab;
  await goOnline([row(1), row(2, { role: 'assistant', replyTo: 'm1' })]);
  const retried = client.retry();
  const isTold = expect(retried).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  for (const _ of [1, 2]) await answer(machine, 'retry', refused('INTERNAL_ERROR'));
  await isTold;
  client.send('x');
  await settled();
  for (const _ of [1, 2]) await answer(machine, 'send', refused('INTERNAL_ERROR'));
  expect(outgoing(tab)).toMatchObject([{ status: 'failed', error: { code: 'INTERNAL_ERROR' } }]);
  const keys = machine.link.asked.map(({ payload }) => payload.clientMessageId);
  expect(keys).toEqual([undefined, keys[1], keys[1], keys[3], keys[3]]);
});

test('of two pages that open for the first time, the second joins the first, and both send to one conversation', async () => {
  const storage = memoryStorage();
  const [first, second] = [clientOnFakeMachine({ storage }), clientOnFakeMachine({ storage })];
  // Without a connection so far.
  first.client.start();
  first.client.send('x');
  await settled();
  await second.connect();
  first.machine.link.listener.connected();
  await answer(first.machine, 'resume', inConversation('c-1', 'visitor 1'));
  await answer(second.machine, 'resume', inConversation('c-2', 'visitor 2'));
  expect(second.client.getSnapshot().connection).toBe('waiting');
  await second.machine.pass(1_000);
  expect(second.machine.link.target.token).toBe('visitor 1');
  second.machine.link.listener.connected();
  expect(second.machine.link.call('resume').payload.conversationId).toBe('c-1');
  await answer(second.machine, 'resume', inConversation('c-1', 'visitor 1, renewed'));
  expect([sentBy(first), sentBy(second)]).toEqual([[['c-1', 'x']], [['c-1', 'x']]]);
});

test('a page in another conversation sends what an earlier one has left to where it was written', async () => {
  const storage = memoryStorage();
  const before = clientOnFakeMachine({ storage });
  await before.goOnline();
  before.machine.link.listener.lost();
  before.client.send('Left behind');
  before.client.close();
  await settled();
  await storage.setItem('parley:conversation', 'c-2');
  const now = clientOnFakeMachine({ storage });
  await now.connect();
  await answer(now.machine, 'resume', inConversation('c-2'));
  expect(sentBy(now)).toEqual([['c-1', 'Left behind']]);
  await answer(now.machine, 'send', { ok: true, message: row(1), answerId: 'a' });
  expect(now.client.getSnapshot().transcript).toMatchObject({ outgoing: [], messages: [], answers: [] });
});

test('what one admin has left unsent is not sent by another on the same machine', async () => {
  const storage = memoryStorage();
  const by = (token: string): Tab => clientOnFakeMachine({ storage, token, conversationId: 'c-1' });
  const ana = by('token of Ana');
  ana.client.sayAsAdmin('Ana here');
  await settled();
  const bob = by('token of Bob');
  await bob.goOnline();
  expect(sentBy(bob)).toEqual([]);
  const again = by('token of Ana');
  await again.goOnline();
  expect(sentBy(again)).toEqual([['c-1', 'Ana here']]);
});
