import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, pieces, waitFor, type ServiceProcess } from '@parley/testkit';
import { expect } from 'vitest';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { readGauges, type Gauges } from './gauges.ts';
import { LogScan } from './log-scan.ts';

const WORDS = ['Nothing', ' can', ' disturb', ' this', ' answer', '.'];
/** What a process may keep after the attacks (compiled code, caches, garbage not yet collected). */
const HEAP_ALLOWANCE_BYTES = 64_000_000;
const RESIDENT_ALLOWANCE_BYTES = 256_000_000;

/** A cluster under attack: one gateway, behind one proxy as far as it knows, so that everybody can have an address. */
export class Arena {
  readonly cluster: Cluster;
  readonly provider: ScriptedProvider;
  readonly gateway: ServiceProcess;
  readonly logs: LogScan;
  #baseline: Gauges | undefined;

  private constructor(cluster: Cluster, provider: ScriptedProvider, gateway: ServiceProcess) {
    this.cluster = cluster;
    this.provider = provider;
    this.gateway = gateway;
    this.logs = new LogScan([...cluster.gateways, ...cluster.workers, ...cluster.histories]);
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<Arena> {
    const provider = await ScriptedProvider.start();
    provider.script(pieces(WORDS, { everyMs: 8 }));
    const cluster = await Cluster.start({ provider, env: { TRUST_PROXY: '1', ...env } });
    const [gateway] = cluster.gateways;
    if (!gateway) throw new Error('a cluster without a gateway');
    const arena = new Arena(cluster, provider, gateway);
    await arena.chat();
    await arena.#idle();
    arena.#baseline = await readGauges(gateway.url);
    return arena;
  }

  get url(): string {
    return this.gateway.url;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.provider.stop();
  }

  /** A well-behaved visitor asks something and gets the whole answer. */
  async chat(): Promise<void> {
    using visitor = await RecordingClient.connect(this.url, { extraHeaders: from('192.0.2.1') });
    const conversationId = randomUUID();
    const ack = await visitor.ask('stream_chat', { message: 'Is anybody there?', conversationId });
    expect(ack).toMatchObject({ ok: true });
    await visitor.until('stream_complete', () => true, 20_000);
    expect(visitor.all('stream_chunk').at(-1)).toMatchObject({ content: WORDS.join(''), isComplete: true });
    expect(visitor.all('error')).toEqual([]);
  }

  /** Runs an attack while somebody else chats: neither that chat nor the process may notice, nor a chat afterwards. */
  async withstands<T>(attack: () => Promise<T>): Promise<T> {
    const { pid } = this.gateway;
    const [outcome] = await Promise.all([attack(), this.chat()]);
    await this.chat();
    expect(this.gateway).toMatchObject({ running: true, pid });
    this.logs.collect();
    return outcome;
  }

  /** Whatever the attacks took has been given back. */
  async isAsBefore(): Promise<Gauges> {
    const before = this.#baseline;
    if (!before) throw new Error('no baseline');
    await this.#idle();
    return waitFor(
      async () => {
        const after = await readGauges(this.url);
        expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_ALLOWANCE_BYTES);
        expect(after.residentBytes - before.residentBytes).toBeLessThan(RESIDENT_ALLOWANCE_BYTES);
        return after;
      },
      { what: 'the memory to be given back', deadlineMs: 20_000 },
    );
  }

  async #idle(): Promise<void> {
    const idle = async (): Promise<boolean> => {
      const { connections, conversations, channels } = await readGauges(this.url);
      return connections === 0 && conversations === 0 && channels <= (this.#baseline?.channels ?? channels);
    };
    await waitFor(idle, { what: 'all connections to be gone', deadlineMs: 60_000 });
  }
}

/** The header by which a test client has an address of its own. */
export const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
