import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CONNECTION_TABLE,
  type ConnectionAction,
  type ConnectionEvent,
  type ConnectionState,
} from './connection-table.ts';

/** `state: actions`; an empty cell changes nothing. No cell may be left out: the compiler demands all of them. */
const EXPECTED: Record<ConnectionState, Record<ConnectionEvent, string>> = {
  idle: {
    ...{ start: 'connecting: open arm', stop: 'closed:', connected: '', resumed: '', refused: '', lost: '' },
    ...{ timer: '', drain: '', gap: '', online: '', offline: '', wake: '' },
  },
  connecting: {
    ...{ start: '', stop: 'closed: close disarm', connected: 'resuming: disarm resume', resumed: '' },
    ...{ refused: 'waiting: close arm', lost: 'waiting: close arm', timer: 'waiting: close arm' },
    ...{ drain: '', gap: '', online: '', offline: 'offline: close arm', wake: '' },
  },
  resuming: {
    ...{ start: '', stop: 'closed: close disarm', connected: '', resumed: 'online:' },
    ...{ refused: 'waiting: close arm', lost: 'waiting: close arm', timer: '', drain: 'waiting: close arm' },
    ...{ gap: '', online: '', offline: 'offline: close arm', wake: '' },
  },
  online: {
    ...{ start: '', stop: 'closed: close disarm', connected: '', resumed: 'online: disarm' },
    ...{ refused: 'online: arm', lost: 'waiting: close arm', timer: 'online: resume' },
    ...{ drain: 'draining: arm', gap: 'online: resume', online: 'online: resume' },
    ...{ offline: 'offline: close arm', wake: 'online: resume' },
  },
  draining: {
    ...{ start: '', stop: 'closed: close disarm', connected: '', resumed: '', refused: '' },
    ...{ lost: 'waiting: close arm', timer: 'connecting: close open arm', drain: '' },
    ...{ gap: 'draining: resume', online: 'draining: resume', offline: 'offline: close arm' },
    ...{ wake: 'draining: resume' },
  },
  waiting: {
    ...{ start: '', stop: 'closed: disarm', connected: '', resumed: '', refused: '', lost: '' },
    ...{ timer: 'connecting: open arm', drain: '', gap: '', online: 'connecting: open arm' },
    ...{ offline: 'offline: arm', wake: 'connecting: open arm' },
  },
  offline: {
    ...{ start: '', stop: 'closed: disarm', connected: '', resumed: '', refused: '', lost: '' },
    ...{ timer: 'connecting: open arm', drain: '', gap: '', online: 'connecting: open arm' },
    ...{ offline: '', wake: 'connecting: open arm' },
  },
  closed: {
    ...{ start: 'connecting: open arm', stop: 'closed:', connected: '', resumed: '', refused: '', lost: '' },
    ...{ timer: '', drain: '', gap: '', online: '', offline: '', wake: '' },
  },
};

const states = Object.keys(EXPECTED) as ConnectionState[];
const events = Object.keys(EXPECTED.idle) as ConnectionEvent[];

test.each(states)('every event does what is expected in the state %s', from => {
  for (const event of events) {
    const { state, actions } = CONNECTION_TABLE[from][event];
    const cell = EXPECTED[from][event] || `${from}:`;
    expect(`${state}: ${actions.join(' ')}`.trim(), `${event} in ${from}`).toBe(cell);
  }
  expect(Object.keys(CONNECTION_TABLE[from]).sort()).toEqual([...events].sort());
});

interface Walker {
  state: ConnectionState;
  links: number;
  isArmed: boolean;
}

function walk(walker: Walker, event: ConnectionEvent): readonly ConnectionAction[] {
  const { state, actions } = CONNECTION_TABLE[walker.state][event];
  walker.state = state;
  // What the runner does when the timer has run out.
  if (event === 'timer') walker.isArmed = false;
  for (const action of actions) {
    if (action === 'open') walker.links += 1;
    if (action === 'close') walker.links -= 1;
    if (action === 'arm' || action === 'disarm') walker.isArmed = action === 'arm';
  }
  return actions;
}

const path = fc.array(fc.constantFrom(...events), { maxLength: 60 });
const WITH_LINK: ConnectionState[] = ['connecting', 'resuming', 'online', 'draining'];
const WITH_TIMER: ConnectionState[] = ['connecting', 'draining', 'waiting', 'offline'];

test('I1: there is one link in the states that have one, and none in the others', () => {
  fc.assert(
    fc.property(path, steps => {
      const walker: Walker = { state: 'idle', links: 0, isArmed: false };
      for (const event of steps) {
        walk(walker, event);
        expect(walker.links).toBe(WITH_LINK.includes(walker.state) ? 1 : 0);
      }
    }),
  );
});

test('I2: it is never stuck: what has no link has a timer, and a link that is not up yet has one too', () => {
  fc.assert(
    fc.property(path, steps => {
      const walker: Walker = { state: 'idle', links: 0, isArmed: false };
      for (const event of steps) {
        // A timer that is not armed does not run out.
        if (event === 'timer' && !walker.isArmed) continue;
        walk(walker, event);
        if (WITH_TIMER.includes(walker.state)) expect(walker.isArmed).toBe(true);
        if (['idle', 'closed', 'resuming'].includes(walker.state)) expect(walker.isArmed).toBe(false);
      }
    }),
  );
});

test('I3: a stop ends everything, from anywhere, and only a start begins it again', () => {
  fc.assert(
    fc.property(path, path, (steps, later) => {
      const walker: Walker = { state: 'idle', links: 0, isArmed: false };
      for (const event of steps) walk(walker, event);
      walk(walker, 'stop');
      for (const event of later) if (event !== 'start') expect(walk(walker, event)).toEqual([]);
      expect(walker).toMatchObject({ state: 'closed', links: 0 });
    }),
  );
});

test('I4: nothing is online that has not been resumed', () => {
  for (const from of states) {
    for (const event of events) {
      const isWay = CONNECTION_TABLE[from][event].state === 'online' && from !== 'online';
      expect(isWay).toBe(from === 'resuming' && event === 'resumed');
    }
  }
});

test('I5: a resume is only asked over a link that is up', () => {
  for (const from of states) {
    for (const event of events) {
      const { state, actions } = CONNECTION_TABLE[from][event];
      if (actions.includes('resume')) expect(['resuming', 'online', 'draining']).toContain(state);
    }
  }
});
