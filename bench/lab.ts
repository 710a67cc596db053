import { startOriginal } from './baseline/start-original.ts';
import { startRelay } from './floors/start-relay.ts';
import { startSdkReader } from './floors/start-sdk-reader.ts';
import type { ClientCalls } from './load/clients-main.ts';
import { clientSubject, type Server } from './load/client-subject.ts';
import type { DialectName } from './load/dialects.ts';
import type { ProviderCalls } from './load/provider-main.ts';
import { Role, type Calls } from './load/role.ts';
import type { StreamSubject } from './load/stream-subject.ts';
import { startProduct } from './product/start-product.ts';
import type { Settings } from './settings.ts';

/** The processes that rows measure; each is started when a row first wants it, and stays for the next one. */
export class Lab implements AsyncDisposable {
  readonly settings: Settings;
  readonly #opened = new AsyncDisposableStack();
  readonly #started = new Map<string, Promise<unknown>>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  async providerUrl(): Promise<string> {
    return (await this.#provider()).call('baseUrl', undefined);
  }

  /** Parley, and where its gateway is. */
  product() {
    return this.#once('product', async () => startProduct(await this.providerUrl(), this.#opened));
  }

  productStreams(dialect: DialectName = 'native'): Promise<StreamSubject> {
    return this.#ofClients(dialect, async () => ({ ...(await this.product()), dialect }));
  }

  /** @param keepsLog whether Redis keeps the text, too. */
  relayStreams({ keepsLog }: { keepsLog: boolean }): Promise<StreamSubject> {
    return this.#ofClients(keepsLog ? 'relay with a log' : 'relay', async () =>
      startRelay(await this.providerUrl(), this.#opened, { keepsLog }),
    );
  }

  originalStreams(): Promise<StreamSubject> {
    return this.#ofClients('original', async () => startOriginal(await this.providerUrl(), this.#opened));
  }

  sdkStreams(): Promise<StreamSubject> {
    return this.#once('sdk', async () => startSdkReader(await this.providerUrl(), this.#opened));
  }

  /** For what one row wants for itself; the row disposes it, or else the lab does. */
  scope(): AsyncDisposableStack {
    return this.#opened.use(new AsyncDisposableStack());
  }

  /** Ends everything, what was started last first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#started.values());
    await this.#opened.disposeAsync();
  }

  #ofClients(name: string, start: () => Promise<Server>): Promise<StreamSubject> {
    return this.#once(`streams of ${name}`, async () => {
      const { pid } = await this.#provider();
      const server = await start();
      return clientSubject(await this.#clients(), { ...server, pids: { ...server.pids, provider: pid } });
    });
  }

  #provider(): Promise<Role<ProviderCalls>> {
    return this.#role('provider', 'load/provider-main.ts');
  }

  #clients(): Promise<Role<ClientCalls>> {
    return this.#role('clients', 'load/clients-main.ts');
  }

  #role<C extends Calls>(name: string, program: string): Promise<Role<C>> {
    const start = () => Role.start<C>(name, new URL(program, import.meta.url));
    return this.#once(name, async () => this.#opened.use(await start()));
  }

  #once<T>(name: string, start: () => Promise<T>): Promise<T> {
    const started = (this.#started.get(name) as Promise<T> | undefined) ?? start();
    this.#started.set(name, started);
    return started;
  }
}
