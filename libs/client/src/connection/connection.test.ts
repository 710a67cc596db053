import { expect, test } from 'vitest';
import { FakeMachine, settled } from '../../test/fake-machine.ts';
import { Connection } from './connection.ts';
import type { ConnectionState } from './connection-table.ts';
import type { ServerEvent } from './server-event.ts';

const resumeAck = {
  ...{ ok: true, conversationId: 'c-1', token: 't', mode: 'ai', doubleText: 'queue' },
  ...{ messages: [], pieces: [], hasNewer: false },
};
const refusal = (retryAfterMs?: number) => ({
  ok: false,
  error: { message: 'no', code: 'BUSY', ...(retryAfterMs !== undefined && { retryAfterMs }) },
});

function set(whole = true) {
  const machine = new FakeMachine();
  const states: ConnectionState[] = [];
  const heard: ServerEvent[] = [];
  const connection = new Connection({
    ...machine.environment,
    target: () => ({ url: 'http://gateway', token: 'secret' }),
    resumeRequest: () => ({ positions: [], afterSeq: 0 }),
    onResumed: () => whole,
    onEvent: event => heard.push(event),
    onState: state => states.push(state),
  });
  const goOnline = async (): Promise<void> => {
    machine.link.listener.connected();
    machine.link.call('resume').answer(resumeAck);
    await settled();
  };
  return { machine, states, heard, connection, goOnline };
}

test('connects, resumes, and is online', async () => {
  const { machine, states, connection, goOnline } = set();
  connection.start();
  expect(machine.link.target).toEqual({ url: 'http://gateway', token: 'secret' });
  await goOnline();
  expect(states).toEqual(['connecting', 'resuming', 'online']);
  expect(machine.timers.size).toBe(0);
});

test('I6: waits longer and longer, at random and up to a limit, while it cannot connect', async () => {
  const { machine, connection } = set();
  connection.start();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    machine.link.listener.lost();
    const [timer] = machine.timers;
    waits.push((timer?.at ?? 0) - machine.time);
    await machine.pass(waits.at(-1) ?? 0);
  }
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test('I6: a connection that did not last does not make the next wait short, one that lasted does', async () => {
  const { machine, connection, goOnline } = set();
  connection.start();
  const waitAfter = async (lastedMs: number): Promise<number> => {
    await goOnline();
    await machine.pass(lastedMs);
    machine.link.listener.lost();
    const [timer] = machine.timers;
    const wait = (timer?.at ?? 0) - machine.time;
    await machine.pass(wait);
    return wait;
  };
  expect(await waitAfter(0)).toBe(250);
  expect(await waitAfter(0)).toBe(500);
  expect(await waitAfter(4_999)).toBe(1_000);
  expect(await waitAfter(5_000)).toBe(250);
});

test('waits as long as the server says, and a little more at random', async () => {
  const { machine, states, connection } = set();
  connection.start();
  machine.link.listener.connected();
  machine.link.call('resume').answer(refusal(7_000));
  await settled();
  expect(states.at(-1)).toBe('waiting');
  await machine.pass(7_249);
  expect(machine.links).toHaveLength(1);
  await machine.pass(1);
  expect(machine.links).toHaveLength(2);
});

test('gives a link up that does not come up, and a server that does not answer', async () => {
  const { machine, states, connection } = set();
  connection.start();
  await machine.pass(8_000);
  expect(states.at(-1)).toBe('waiting');
  expect(machine.link.isClosed).toBe(true);
  await machine.pass(250);
  machine.link.listener.connected();
  machine.link.call('resume').answer(undefined);
  await settled();
  expect(states.at(-1)).toBe('waiting');
});

test('I7: what an old link says is not heard', async () => {
  const { machine, states, heard, connection } = set();
  connection.start();
  const [old] = machine.links;
  old?.listener.lost();
  await machine.pass(250);
  const before = [...states];
  old?.listener.connected();
  old?.listener.event({ type: 'deleted', payload: { conversationId: 'c-1' } });
  old?.listener.lost();
  expect(states).toEqual(before);
  expect(heard).toEqual([]);
});

test('moves to a fresh link at the time that a draining server says', async () => {
  const { machine, states, connection, goOnline } = set();
  connection.start();
  await goOnline();
  machine.link.listener.event({ type: 'draining', payload: { reconnectInMs: 700 } });
  expect(connection.isOnline).toBe(true);
  await machine.pass(699);
  expect(machine.links).toHaveLength(1);
  await machine.pass(1);
  expect(machine.links.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  await goOnline();
  expect(states.slice(-4)).toEqual(['draining', 'connecting', 'resuming', 'online']);
});

test('reconnects at once when the network is back or the page is looked at', () => {
  const { machine, connection } = set();
  connection.start();
  for (const event of ['online', 'wake'] as const) {
    machine.link.listener.lost();
    const links = machine.links.length;
    machine.say(event);
    expect(machine.links).toHaveLength(links + 1);
  }
  machine.say('offline');
  expect(machine.link.isClosed).toBe(true);
  machine.say('online');
  expect(machine.links).toHaveLength(4);
});

test('tries even without a network, seldom, because the browser may be wrong', async () => {
  const { machine, connection } = set();
  connection.start();
  machine.say('offline');
  await machine.pass(29_999);
  expect(machine.links).toHaveLength(1);
  await machine.pass(1);
  expect(machine.links).toHaveLength(2);
});

test('a page that wakes up asks over its link, and finds out if that is dead', async () => {
  const { machine, states, connection, goOnline } = set();
  connection.start();
  await goOnline();
  machine.say('wake');
  expect(states.at(-1)).toBe('online');
  machine.link.call('resume').answer(undefined);
  await settled();
  expect(states.at(-1)).toBe('waiting');
});

test('I8: gaps that turn up while a resume runs are covered by it', async () => {
  const { machine, connection, goOnline } = set();
  connection.start();
  await goOnline();
  for (let gap = 0; gap < 5; gap++) connection.handle('gap');
  expect(machine.link.asked).toHaveLength(2);
  machine.link.call('resume').answer(resumeAck);
  await settled();
  connection.handle('gap');
  expect(machine.link.asked).toHaveLength(3);
});

test('asks again while something is still missing', async () => {
  const { machine, connection, goOnline } = set(false);
  connection.start();
  await goOnline();
  expect(machine.link.asked).toHaveLength(2);
});

test('a repair that is refused is tried again later, over the same link', async () => {
  const { machine, states, connection, goOnline } = set();
  connection.start();
  await goOnline();
  connection.handle('gap');
  machine.link.call('resume').answer(refusal(5_000));
  await settled();
  expect(states.at(-1)).toBe('online');
  await machine.pass(5_000);
  expect(machine.link.asked).toHaveLength(3);
});

test('a call that is not answered means that the server is lost', async () => {
  const { machine, states, connection, goOnline } = set();
  expect(await connection.ask('leave', { conversationId: 'c-1' })).toEqual({ kind: 'unanswered' });
  connection.start();
  await goOnline();
  const asked = connection.ask('leave', { conversationId: 'c-1' });
  machine.link.call('leave').answer(undefined);
  expect(await asked).toEqual({ kind: 'unanswered' });
  expect(states.at(-1)).toBe('waiting');
});

test('an acknowledgement that is not understood is an internal error', async () => {
  const { machine, connection, goOnline } = set();
  connection.start();
  await goOnline();
  const asked = connection.ask('leave', { conversationId: 'c-1' });
  machine.link.call('leave').answer('what?');
  expect(await asked).toMatchObject({ kind: 'refused', error: { code: 'INTERNAL_ERROR' } });
});

test('a stop leaves nothing behind, and it can be started again', async () => {
  const { machine, states, connection, goOnline } = set();
  connection.start();
  await goOnline();
  connection.stop();
  expect(machine.link.isClosed).toBe(true);
  expect(machine.timers.size + machine.watchers.size).toBe(0);
  connection.start();
  await goOnline();
  expect(states.slice(-4)).toEqual(['closed', 'connecting', 'resuming', 'online']);
});

test('a piece that it cannot place makes it resume', async () => {
  const { machine, heard, connection, goOnline } = set();
  connection.start();
  await goOnline();
  machine.link.listener.event({ type: 'unknown-piece' });
  expect(machine.link.asked.map(({ event }) => event)).toEqual(['resume', 'resume']);
  expect(heard).toEqual([]);
});
