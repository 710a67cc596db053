import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long a reply may wait for its reader without any progress. */
const NO_PROGRESS_MS = 30_000;

/** A connection that has been answered and not read, or not all of it. */
export interface UnreadConnection {
  readonly request: IncomingMessage;
  readonly bytes: number;
  cutOff(): void;
}

/**
 * The replies of an HTTP server that are under way, those of long polling among them. Node keeps what the other side does
 * not read, for as long as that side stays connected: here a reply that makes no progress is ended.
 */
export class UnreadReplies {
  readonly #noProgressMs: number;
  readonly #open = new Map<Socket, Map<ServerResponse, IncomingMessage>>();

  /** @param server with Engine.IO attached already, which hides its requests from whoever listened before. */
  constructor(server: Server, noProgressMs = NO_PROGRESS_MS) {
    this.#noProgressMs = noProgressMs;
    // Before whoever answers: what is answered at once is told at once.
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#follow(request, response),
    );
  }

  /** The connections on which something waits for its reader. */
  get connections(): UnreadConnection[] {
    return [...this.#open].flatMap(([socket, replies]) => {
      const [request] = replies.values();
      // Of several requests at once only the first has the connection; the others keep their replies themselves.
      const bytes = replies.keys().reduce((sum, { writableLength }) => sum + writableLength, 0);
      return request && bytes > 0 ? [{ request, bytes, cutOff: () => void socket.destroy() }] : [];
    });
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const replies = this.#open.get(socket) ?? new Map<ServerResponse, IncomingMessage>();
    this.#open.set(socket, replies.set(response, request));
    response.once('close', () => {
      replies.delete(response);
      if (replies.size === 0) this.#open.delete(socket);
    });
    // While a reply is worked on, nothing is expected to move; the one before on this connection may have set a time.
    response.once('socket', () => socket.setTimeout(0));
    response.once('prefinish', () => socket.setTimeout(this.#noProgressMs));
  }
}
