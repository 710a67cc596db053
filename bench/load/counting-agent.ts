import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Created = (error: Error | null, stream: Duplex) => void;

/** Makes the connection of one client and so knows how many bytes the client was sent, frames and all. */
export class CountingAgent extends Agent {
  #socket: Socket | undefined;

  constructor(options: AgentOptions = {}) {
    super({ ...options, keepAlive: false });
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    const socket = super.createConnection(options, created);
    this.#socket = socket as Socket;
    return socket;
  }
}
