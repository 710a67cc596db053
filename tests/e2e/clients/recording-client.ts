import { waitFor } from '@parley/testkit';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

export interface Recorded {
  readonly event: string;
  // What a plain client gets: the tests compare it with what the contracts say.
  readonly payload: Record<string, unknown>;
}

type Options = Partial<ManagerOptions & SocketOptions>;

/** A plain socket.io-client that remembers everything it was told, in order. */
export class RecordingClient implements Disposable {
  readonly socket: Socket;
  readonly events: Recorded[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.onAny((event: string, payload: Record<string, unknown>) => this.events.push({ event, payload }));
  }

  /** Resolves when it is connected. */
  static async connect(url: string, options: Options = {}): Promise<RecordingClient> {
    const client = new RecordingClient(io(url, { forceNew: true, ...options }));
    await waitFor(() => client.socket.connected, { what: `the connection to ${url}`, deadlineMs: 10_000 });
    return client;
  }

  /** Sends an event and resolves with its acknowledgement. */
  async ask(event: string, ...payload: unknown[]): Promise<Record<string, unknown>> {
    return (await this.socket.timeout(10_000).emitWithAck(event, ...payload)) as Record<string, unknown>;
  }

  say(event: string, ...payload: unknown[]): void {
    this.socket.emit(event, ...payload);
  }

  /** What came under one name. */
  all(event: string): Record<string, unknown>[] {
    return this.events.filter(recorded => recorded.event === event).map(({ payload }) => payload);
  }

  /** Resolves with the first event of that name for which the condition holds, also if it came before. */
  async until(
    event: string,
    holds: (payload: Record<string, unknown>) => boolean = () => true,
    deadlineMs = 10_000,
  ): Promise<Record<string, unknown>> {
    return waitFor(() => this.all(event).find(holds), { what: `the event ${event}`, deadlineMs });
  }

  [Symbol.dispose](): void {
    this.socket.disconnect();
  }
}
