import type { ClientCalls } from './clients-main.ts';
import type { DialectName } from './dialects.ts';
import type { Role } from './role.ts';
import type { StreamSubject } from './stream-subject.ts';

export interface Server {
  readonly url: string;
  readonly dialect: DialectName;
  readonly pids: Readonly<Record<string, number>>;
}

/** A server, asked by Socket.IO clients. */
export function clientSubject(clients: Role<ClientCalls>, { url, dialect, pids }: Server): StreamSubject {
  return {
    pids: { ...pids, clients: clients.pid },
    on: (event, listener) => clients.on(event, tokens => listener(tokens as number)),
    ask: load => clients.call('run', { ...load, url, dialect }),
  };
}
