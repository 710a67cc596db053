import {
  ParleyError,
  type AckData,
  type ErrorEvent,
  type EventCatalog,
  type Payload,
} from '@parley/contracts';
import { scoped, type Log } from '@parley/platform';
import type { Socket } from 'socket.io';
import type { EventLimit } from '../sockets/event-limit.ts';

/** One handler for every event of a catalog. What it returns is acknowledged. */
export type Handlers<C extends EventCatalog> = {
  readonly [E in keyof C]: (payload: Payload<C, E>) => Promise<AckData<C, E>>;
};

type Ack = (reply: unknown) => void;

/**
 * Serves a catalog's events on a socket: limits, parses, handles, acknowledges; whatever fails becomes the error of the
 * contracts, in the acknowledgement (if one was asked for) and as the event `error`.
 */
export function serveEvents<C extends EventCatalog>(
  socket: Socket,
  catalog: C,
  handlers: Handlers<C>,
  limit: EventLimit,
  log: Log,
): void {
  for (const [event, { payload: schema }] of Object.entries(catalog)) {
    socket.on(event, (...args: unknown[]) => {
      const { payload, ack, extra } = split(args);
      const answer = async (): Promise<void> => {
        await limit.take(socket);
        if (extra)
          throw new ParleyError('INVALID_REQUEST', { message: 'An event takes one payload and a callback' });
        const parsed = schema.safeParse(payload);
        if (!parsed.success) throw ParleyError.invalid(parsed.error);
        const handle = handlers[event as keyof C];
        const reply = await handle(parsed.data as Payload<C, keyof C>);
        ack?.(reply);
      };
      answer().catch((thrown: unknown) => fail(socket, event, ack, thrown, log));
    });
  }
}

/** Answers events that are in no catalog. Call it after all `serveEvents`. */
export function refuseUnknownEvents(socket: Socket, limit: EventLimit, log: Log): void {
  // The parser also lets numbers through as names.
  socket.onAny((event: string | number, ...args: unknown[]) => {
    if (socket.listenerCount(String(event)) > 0) return;
    const { ack } = split(args);
    limit
      .take(socket)
      .then(() =>
        fail(socket, event, ack, new ParleyError('INVALID_REQUEST', { message: 'Unknown event' }), log),
      )
      .catch((thrown: unknown) => fail(socket, event, ack, thrown, log));
  });
}

function split(args: unknown[]): { payload: unknown; ack: Ack | undefined; extra: boolean } {
  const last = args.at(-1);
  const ack = typeof last === 'function' ? (last as Ack) : undefined;
  const payloads = ack ? args.slice(0, -1) : args;
  return { payload: payloads[0], ack, extra: payloads.length > 1 };
}

function fail(socket: Socket, event: string | number, ack: Ack | undefined, thrown: unknown, log: Log): void {
  const error = ParleyError.from(thrown);
  if (error.code === 'INTERNAL_ERROR') {
    scoped(log, { component: 'sockets', function: 'serveEvents' }).error(
      { err: thrown, event },
      'event failed',
    );
  }
  const body = error.toBody();
  ack?.({ ok: false, error: body });
  socket.emit('error', { ...body, event: String(event).slice(0, 100) } satisfies ErrorEvent);
}
