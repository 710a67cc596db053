import { io, type Socket } from 'socket.io-client';
import { CountingAgent } from './counting-agent.ts';

/** A connected client and how many bytes it has been sent. */
export interface Client {
  readonly socket: Socket;
  readonly wire: CountingAgent;
}

/** So many handshakes at once are no test of anything. */
const AT_ONCE = 25;

/** @throws what Socket.IO says about the first client that cannot connect. */
export async function connectAll(url: string, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const some = Math.min(AT_ONCE, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => connect(url)))));
  }
  return clients;
}

function connect(url: string): Promise<Client> {
  const wire = new CountingAgent();
  const socket = io(url, {
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
    // Its types mean the browsers' string; in Node it goes to `ws` as it is.
    agent: wire as unknown as string,
  });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve({ socket, wire }));
    socket.once('connect_error', reject);
  });
}
