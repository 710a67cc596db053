interface Endpoint {
  readonly ip4?: string;
  readonly ip6?: string;
  readonly port?: number;
}

interface Handle {
  readonly type: string;
  readonly is_referenced?: boolean;
  readonly localEndpoint?: Endpoint | null;
  readonly remoteEndpoint?: Endpoint | null;
  readonly pid?: number;
}

/** TCP sockets and children that keep this process alive, as libuv knows them. */
export class OpenHandles {
  readonly #handles: readonly Handle[];

  constructor() {
    // Else it looks up a name for each address.
    Reflect.set(process.report, 'excludeNetwork', true);
    const { libuv } = process.report.getReport() as { libuv: readonly Handle[] };
    this.#handles = libuv.filter(handle => handle.is_referenced === true);
  }

  /**
   * For each connection whom it is to, e.g. `127.0.0.1:6379`. Without those that a server of this process has accepted: it may
   * keep them open as long as it listens.
   */
  get connectedTo(): string[] {
    const sockets = this.#handles.filter(({ type }) => type === 'tcp');
    const listening = sockets.filter(({ remoteEndpoint }) => !remoteEndpoint);
    const ports = new Set(listening.map(({ localEndpoint }) => localEndpoint?.port));
    const connected = sockets.filter(({ remoteEndpoint }) => remoteEndpoint);
    const own = connected.filter(({ localEndpoint }) => !ports.has(localEndpoint?.port));
    return own.map(({ remoteEndpoint }) => nameOf(remoteEndpoint));
  }

  /** All of them, e.g. `tcp 127.0.0.1:5011; process 4711`. */
  toString(): string {
    const named = this.#handles.filter(({ type, localEndpoint }) => type === 'process' || localEndpoint);
    return named.map(describe).join('; ');
  }
}

function describe({ type, localEndpoint, remoteEndpoint, pid }: Handle): string {
  if (type === 'process') return `process ${pid}`;
  return `${type} ${[localEndpoint, remoteEndpoint].filter(Boolean).map(nameOf).join(' -> ')}`;
}

function nameOf(end: Endpoint | null | undefined): string {
  return `${end?.ip4 ?? end?.ip6}:${end?.port}`;
}
