import { startOriginal } from './baseline/start-original.ts';
import { startRelay } from './floors/start-relay.ts';
import { startSdkReader } from './floors/start-sdk-reader.ts';
import type { ClientCalls } from './load/clients-main.ts';
import { clientSubject } from './load/client-subject.ts';
import type { DialectName } from './load/dialects.ts';
import type { ProviderCalls } from './load/provider-main.ts';
import { Role } from './load/role.ts';
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

  providerUrl(): Promise<string> {
    return this.#once('provider', async () => {
      const program = new URL('load/provider-main.ts', import.meta.url);
      const provider = this.#opened.use(await Role.start<ProviderCalls>('provider', program));
      return provider.call('baseUrl', undefined);
    });
  }

  /** Parley, and where its gateway is. */
  product() {
    return this.#once('product', async () => startProduct(await this.providerUrl(), this.#opened));
  }

  async productStreams(dialect: DialectName = 'native'): Promise<StreamSubject> {
    return clientSubject(await this.#clients(), { ...(await this.product()), dialect });
  }

  async relayStreams(): Promise<StreamSubject> {
    const relay = await this.#once('relay', async () => startRelay(await this.providerUrl(), this.#opened));
    return clientSubject(await this.#clients(), relay);
  }

  async originalStreams(): Promise<StreamSubject> {
    const start = async () => startOriginal(await this.providerUrl(), this.#opened);
    return clientSubject(await this.#clients(), await this.#once('original', start));
  }

  sdkStreams(): Promise<StreamSubject> {
    return this.#once('sdk', async () => startSdkReader(await this.providerUrl(), this.#opened));
  }

  /** Ends everything, what was started last first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#started.values());
    await this.#opened.disposeAsync();
  }

  #clients(): Promise<Role<ClientCalls>> {
    const program = new URL('load/clients-main.ts', import.meta.url);
    return this.#once('clients', async () =>
      this.#opened.use(await Role.start<ClientCalls>('clients', program)),
    );
  }

  #once<T>(name: string, start: () => Promise<T>): Promise<T> {
    const started = (this.#started.get(name) as Promise<T> | undefined) ?? start();
    this.#started.set(name, started);
    return started;
  }
}
