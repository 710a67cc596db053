/** How the client is connected. See SPEC.md. */
export type ConnectionState =
  'idle' | 'connecting' | 'resuming' | 'online' | 'draining' | 'waiting' | 'offline' | 'closed';

export type ConnectionEvent =
  | 'start'
  | 'stop'
  /** The link is up. */
  | 'connected'
  /** A resume has been answered. */
  | 'resumed'
  /** The server has refused the link or a resume, and said why. */
  | 'refused'
  | 'lost'
  /** The state's timer has run out. */
  | 'timer'
  /** The server is about to stop. */
  | 'drain'
  /** The transcript lacks something. */
  | 'gap'
  /** The machine's network is back, or gone; the page is looked at again. */
  | 'online'
  | 'offline'
  | 'wake';

/** `arm` starts the new state's timer instead of any other. */
export type ConnectionAction = 'open' | 'close' | 'resume' | 'arm' | 'disarm';

interface Transition {
  readonly state: ConnectionState;
  readonly actions: readonly ConnectionAction[];
}

type Row = Readonly<Record<ConnectionEvent, Transition>>;

const to = (state: ConnectionState, ...actions: ConnectionAction[]): Transition => ({ state, actions });

const connect = to('connecting', 'open', 'arm');
const giveUp = to('waiting', 'close', 'arm');
const goOffline = to('offline', 'close', 'arm');

/** A row in which nothing happens but what is said. */
function row(state: ConnectionState, cells: Partial<Row>): Row {
  const stay = to(state);
  return {
    start: stay,
    stop: to('closed', 'close', 'disarm'),
    connected: stay,
    resumed: stay,
    refused: stay,
    lost: stay,
    timer: stay,
    drain: stay,
    gap: stay,
    online: stay,
    offline: stay,
    wake: stay,
    ...cells,
  };
}

/** The whole connection: what each event does in each state. */
export const CONNECTION_TABLE: Readonly<Record<ConnectionState, Row>> = {
  idle: row('idle', { start: connect, stop: to('closed') }),
  connecting: row('connecting', {
    connected: to('resuming', 'disarm', 'resume'),
    refused: giveUp,
    lost: giveUp,
    timer: giveUp,
    offline: goOffline,
  }),
  resuming: row('resuming', {
    resumed: to('online'),
    refused: giveUp,
    lost: giveUp,
    drain: giveUp,
    offline: goOffline,
  }),
  online: row('online', {
    resumed: to('online', 'disarm'),
    refused: to('online', 'arm'),
    timer: to('online', 'resume'),
    gap: to('online', 'resume'),
    online: to('online', 'resume'),
    wake: to('online', 'resume'),
    drain: to('draining', 'arm'),
    lost: giveUp,
    offline: goOffline,
  }),
  draining: row('draining', {
    timer: to('connecting', 'close', 'open', 'arm'),
    gap: to('draining', 'resume'),
    online: to('draining', 'resume'),
    wake: to('draining', 'resume'),
    lost: giveUp,
    offline: goOffline,
  }),
  waiting: row('waiting', {
    stop: to('closed', 'disarm'),
    timer: connect,
    online: connect,
    wake: connect,
    offline: to('offline', 'arm'),
  }),
  offline: row('offline', { stop: to('closed', 'disarm'), timer: connect, online: connect, wake: connect }),
  closed: row('closed', { start: connect, stop: to('closed') }),
};
