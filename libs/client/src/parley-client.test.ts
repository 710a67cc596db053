import { expect, test } from 'vitest';
import { at, clientOnFakeMachine, resumed, row } from '../test/client-on-fake-machine.ts';
import { settled } from '../test/fake-machine.ts';
import { memoryStorage } from './storage/key-value-storage.ts';

test('does nothing before its start, and leaves nothing after its close', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  expect(machine.links).toEqual([]);
  await goOnline([row(1), row(2, { role: 'assistant', status: 'streaming' })]);
  machine.link.listener.event({ type: 'typing', payload: { ...at, who: 'admin', isTyping: true } });
  client.send('x');
  client.close();
  await settled();
  expect(machine.timers.size + machine.watchers.size).toBe(0);
  expect(machine.links.every(({ isClosed }) => isClosed)).toBe(true);
  expect(client.getSnapshot()).toMatchObject({
    connection: 'closed',
    transcript: { typing: { admin: false } },
  });
});

test('a client closed before its storage was read does not connect', async () => {
  const { machine, client } = clientOnFakeMachine();
  client.start();
  client.close();
  await settled();
  expect(machine.links).toEqual([]);
});

test('the snapshot is the same object until something changes, and listeners hear of each change', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline();
  let calls = 0;
  const unsubscribe = client.subscribe(() => calls++);
  const before = client.getSnapshot();
  machine.link.listener.event({ type: 'mode', payload: { ...at, mode: 'ai' } });
  expect(client.getSnapshot()).toBe(before);
  machine.link.listener.event({ type: 'mode', payload: { ...at, mode: 'human' } });
  expect(client.getSnapshot()).not.toBe(before);
  unsubscribe();
  machine.link.listener.event({ type: 'mode', payload: { ...at, mode: 'ai' } });
  expect(calls).toBe(1);
});

test('the token and the conversation are remembered for the next page', async () => {
  const storage = memoryStorage();
  const first = clientOnFakeMachine({ storage });
  await first.goOnline();
  expect(first.machine.link.target.token).toBeUndefined();
  const second = clientOnFakeMachine({ storage });
  await second.goOnline();
  expect(second.machine.link.target.token).toBe('issued');
  expect(second.machine.link.call('resume').payload).toEqual({ ...at, positions: [], afterSeq: 0 });
});

test('a given token is neither stored nor replaced, a given conversation is not remembered', async () => {
  const storage = memoryStorage();
  const { machine, goOnline } = clientOnFakeMachine({ storage, token: 'admin', conversationId: 'c-1' });
  await goOnline();
  machine.link.listener.lost();
  await machine.pass(1_000);
  expect(machine.link.target.token).toBe('admin');
  expect(await storage.getItem('parley:token')).toBeNull();
  expect(await storage.getItem('parley:conversation')).toBeNull();
});

test('a gap is repaired over the same link, with the positions held', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline([row(1), row(2, { id: 'a', role: 'assistant', status: 'streaming' })]);
  const piece = (offset: number, text: string) =>
    machine.link.listener.event({
      type: 'answer-piece',
      payload: { ...at, answerId: 'a', epoch: 1, offset, text },
    });
  piece(0, 'Hello');
  piece(9, 'world');
  piece(14, '!');
  expect(machine.link.asked.map(({ event }) => event)).toEqual(['resume', 'resume']);
  expect(machine.link.call('resume').payload.positions).toEqual([{ answerId: 'a', epoch: 1, offset: 5 }]);
  const rest = { ...at, answerId: 'a', epoch: 1, offset: 5, text: ' my world!' };
  const messages = [row(1), row(2, { id: 'a', role: 'assistant', status: 'streaming' })];
  machine.link.call('resume').answer(resumed(messages, { pieces: [rest] }));
  await settled();
  expect(client.getSnapshot().transcript.answers[0]?.text).toBe('Hello my world!');
});

test('a page that was read before a message was stored does not take its answer away; one that was read later may', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline([row(1)]);
  const answers = () => client.getSnapshot().transcript.answers.map(({ answerId }) => answerId);
  machine.say('wake');
  client.send('two');
  await settled();
  machine.link.call('send').answer({ ok: true, message: row(2), answerId: 'a' });
  await settled();
  for (const [page, left] of [
    [[], ['a']],
    [[row(2)], []],
  ] as const) {
    machine.link.call('resume').answer(resumed([row(1), ...page]));
    await settled();
    expect(answers()).toEqual(left);
    machine.say('wake');
  }
});

test('who answers now is what was told last, also when a page that was read before comes behind it', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline();
  machine.say('wake');
  machine.link.listener.event({ type: 'mode', payload: { ...at, mode: 'human' } });
  for (const mode of ['human', 'ai']) {
    machine.link.call('resume').answer(resumed([], { mode: 'ai' }));
    await settled();
    expect(client.getSnapshot().transcript.mode).toBe(mode);
    machine.say('wake');
  }
});

test('an answer of which nothing is heard is asked for', async () => {
  const { machine, goOnline } = clientOnFakeMachine();
  await goOnline([row(1), row(2, { id: 'a', role: 'assistant', status: 'pending' })]);
  expect(machine.link.asked).toHaveLength(1);
  await machine.pass(8_000);
  expect(machine.link.asked).toHaveLength(2);
});

test('messages, edits and admins’ words go out one by one, each as what it is', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline();
  client.send('one');
  client.edit('m1', 'two');
  client.sayAsAdmin('three');
  const answerId = 'a9';
  for (const [seq, call] of ['send', 'edit', 'say-as-admin'].entries()) {
    await settled();
    const { event, payload, answer } = machine.link.call(call);
    expect([event, payload.conversationId, payload.messageId]).toEqual([
      call,
      'c-1',
      call === 'edit' ? 'm1' : undefined,
    ]);
    answer({ ok: true, message: row(seq + 1), ...(call !== 'say-as-admin' && { answerId }) });
  }
  await settled();
  const { messages, outgoing, answers } = client.getSnapshot().transcript;
  expect([messages.length, outgoing.length, answers.length]).toEqual([3, 0, 1]);
});

test('text that cannot be sent is refused at once', () => {
  const { client } = clientOnFakeMachine();
  expect(() => client.send('   ')).toThrow('is required');
  expect(() => client.send('x'.repeat(1_000_001))).toThrow('too long');
  expect(client.getSnapshot().transcript.outgoing).toEqual([]);
});

test('stops the answer under way, asks for the newest one again, and hands over to people', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine({ token: 'admin' });
  const answer = { id: 'a', role: 'assistant', replyTo: 'm3' } as const;
  const earlier = row(2, { role: 'assistant', replyTo: 'm1' });
  await goOnline([row(1), earlier, row(3), row(4, { ...answer, status: 'streaming' })]);
  const accept = async (call: string, reply: object = {}): Promise<Record<string, unknown>> => {
    await settled();
    const { payload, answer } = machine.link.call(call);
    answer({ ok: true, ...reply });
    return payload;
  };
  const stopped = client.stop();
  expect(await accept('stop')).toEqual({ ...at, answerId: 'a' });
  await stopped;
  await expect(client.retry()).rejects.toMatchObject({ code: 'ANSWER_IN_PROGRESS' });

  const ended = row(4, { ...answer, status: 'stopped' });
  machine.link.listener.event({ type: 'answer-ended', payload: ended });
  await client.stop();
  const retried = client.retry();
  expect(await accept('retry', { answerId: 'b' })).toMatchObject({ ...at, answerId: 'a' });
  await retried;
  expect(client.getSnapshot().transcript.answers).toMatchObject([{ answerId: 'b', text: '' }]);

  const switched = client.setMode('human');
  expect(await accept('set-mode')).toEqual({ ...at, mode: 'human' });
  await switched;
});

test('a retry whose acknowledgement was lost asks for the same further answer', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  const rows = [row(1), row(2, { id: 'a', role: 'assistant', replyTo: 'm1' })];
  await goOnline(rows);
  const lost = client.retry();
  const { payload: first } = machine.link.call('retry');
  machine.link.listener.lost();
  machine.link.call('retry').answer(undefined);
  await expect(lost).rejects.toMatchObject({ code: 'BUSY' });
  await machine.pass(1_000);
  await goOnline(rows);
  const again = client.retry();
  const { payload: second, answer } = machine.link.call('retry');
  expect(second).toEqual(first);
  answer({ ok: true, answerId: 'b' });
  await again;
});

test('what was missed is read page by page, and shown as it comes', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline([row(1), row(2), row(3)]);
  machine.link.listener.lost();
  await machine.pass(1_000);
  machine.link.listener.connected();
  const asked: unknown[] = [];
  for (const [seqs, hasNewer] of [
    [[3, 4], true],
    [[5, 6], true],
    [[7], false],
  ] as const) {
    const { payload, answer } = machine.link.call('resume');
    asked.push(payload.afterSeq);
    answer(
      resumed(
        seqs.map(seq => row(seq)),
        { hasNewer },
      ),
    );
    await settled();
    expect(client.getSnapshot().transcript.messages.at(-1)?.seq).toBe(seqs.at(-1));
  }
  expect(asked).toEqual([2, 4, 6]);
  expect(machine.link.asked).toHaveLength(3);
  expect(client.getSnapshot().transcript.messages).toHaveLength(7);
});

test('loads what is older, a page at a time, until there is nothing older', async () => {
  const { machine, client, connect } = clientOnFakeMachine();
  await expect(client.loadOlder()).resolves.toBeUndefined();
  await connect();
  machine.link.call('resume').answer(resumed([row(5), row(6)], { hasOlder: true }));
  await settled();
  expect(client.getSnapshot().transcript.hasOlder).toBe(true);
  const loaded = [client.loadOlder(), client.loadOlder()];
  expect(machine.link.asked.map(({ event }) => event)).toEqual(['resume', 'load-older']);
  const { payload, answer } = machine.link.call('load-older');
  expect(payload).toEqual({ ...at, beforeSeq: 5 });
  answer({ ok: true, ...at, messages: [row(3), row(4)], hasOlder: false });
  await Promise.all(loaded);
  const { hasOlder, messages } = client.getSnapshot().transcript;
  expect([hasOlder, ...messages.map(({ seq }) => seq)]).toEqual([false, 3, 4, 5, 6]);
  await client.loadOlder();
  expect(machine.link.asked).toHaveLength(2);
});

test('an older page that has changed while it was read is read again', async () => {
  const { machine, client, connect } = clientOnFakeMachine();
  await connect();
  machine.link.call('resume').answer(resumed([row(5), row(6)], { hasOlder: true }));
  await settled();
  const loaded = client.loadOlder();
  const superseded = row(4, { status: 'superseded' });
  machine.link.listener.event({ type: 'message', payload: superseded });
  machine.link.call('load-older').answer({ ok: true, ...at, messages: [row(4)], hasOlder: false });
  await settled();
  machine.link.call('load-older').answer({ ok: true, ...at, messages: [superseded], hasOlder: false });
  await loaded;
  expect(machine.link.asked).toHaveLength(3);
  expect(client.getSnapshot().transcript.messages[0]).toMatchObject(superseded);
});

test('what is refused, or cannot be asked, is told to whoever asked', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await expect(client.setMode('human')).rejects.toMatchObject({ code: 'BUSY', retryAfterMs: 1_000 });
  await goOnline();
  const asked = client.setMode('human');
  const error = { code: 'UNAUTHORIZED', message: 'Sign in first' };
  machine.link.call('set-mode').answer({ ok: false, error });
  await expect(asked).rejects.toMatchObject(error);
});

test('says that somebody types while there is a connection, and shows others only as long as they do', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  client.setTyping(true);
  await goOnline();
  client.setTyping(true);
  client.setTyping(true);
  expect(machine.link.told).toEqual([{ event: 'typing', payload: { ...at, isTyping: true } }]);
  machine.link.listener.event({ type: 'typing', payload: { ...at, who: 'admin', isTyping: true } });
  expect(client.getSnapshot().transcript.typing.admin).toBe(true);
  await machine.pass(6_000);
  expect(client.getSnapshot().transcript.typing.admin).toBe(false);
});
