import { errorEventSchema, sessionReplySchema, streamServerEvents } from '@parley/contracts';
import { io, type Socket } from 'socket.io-client';
import { growth } from './growing-text.ts';

/** One conversation over the dialect `stream`. */
export class StreamChat implements Disposable {
  readonly #socket: Socket;
  readonly #conversationId: string;

  private constructor(socket: Socket, conversationId: string) {
    this.#socket = socket;
    this.#conversationId = conversationId;
  }

  /** @throws Error with one sentence if there is nothing to talk to. */
  static async open(url: string): Promise<StreamChat> {
    const { sessionId, token } = await newSession(url);
    const socket = io(url, { transports: ['websocket'], auth: { token }, reconnection: false });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
    } catch (error) {
      socket.disconnect();
      throw new Error(`No connection to ${url}: ${(error as Error).message}`, { cause: error });
    }
    return new StreamChat(socket, sessionId);
  }

  /**
   * Sends a message; resolves when its answer is stored.
   *
   * @param write is given the answer piece by piece.
   */
  async ask(message: string, write: (text: string) => void): Promise<void> {
    const socket = this.#socket;
    let shown = '';
    try {
      await new Promise<void>((resolve, reject) => {
        socket.on('stream_chunk', data => {
          const { content } = streamServerEvents.stream_chunk.payload.parse(data);
          const { restarts, text } = growth(shown, content);
          shown = content;
          write(restarts ? `\n(starts again)\n${text}` : text);
        });
        socket.once('stream_complete', () => resolve());
        socket.once('error', data => {
          const { message: reason } = errorEventSchema.parse(data);
          reject(new Error(reason));
        });
        socket.once('disconnect', reason => reject(new Error(`The connection is lost (${reason}).`)));
        socket.emit('stream_chat', { message, conversationId: this.#conversationId });
      });
    } finally {
      for (const event of ['stream_chunk', 'stream_complete', 'error', 'disconnect']) socket.off(event);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.disconnect();
  }
}

/** Also tells, better than a failed WebSocket could, that nobody is there. */
async function newSession(url: string): Promise<{ sessionId: string; token: string }> {
  const call = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const response = await fetch(new URL('/api/chat/session', url), call).catch((error: unknown) => {
    throw new Error(`Nothing answers at ${url}. Is Parley running? Start it with: npm start`, {
      cause: error,
    });
  });
  const body: unknown = await response.json().catch(() => undefined);
  const session = sessionReplySchema.safeParse(body);
  if (session.success) return session.data;
  throw new Error(`${url} gave no session (${response.status}): ${JSON.stringify(body)}`);
}
