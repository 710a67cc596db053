import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import {
  Cluster,
  ScriptedProvider,
  answer,
  holdAfter,
  pieces,
  readMetric,
  waitFor,
  type OwnedMongo,
} from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { nativeClient, shownText } from '../e2e/clients/native-client.ts';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import type { Entry } from './load/ledger.ts';
import { LoadBalancer } from './load/load-balancer.ts';

/** The question whose answer stops in the middle until it is let go. */
export const HELD = 'What takes long?';
const WORDS = Array.from({ length: 40 }, (_, index) => `word-${index} 👋 `);

/** What the provider says. */
export const replyTo = (prompt: string): string =>
  prompt === HELD ? WORDS.join('') : `An answer to "${prompt}", as long as it takes to be hit. 👋`;

/** How long a client goes on trying, and waits for an answer, once the store is back. */
export const RECOVERY_MS = 30_000;

/** Connections as after a busy hour: what is said to a MongoDB that hangs is on its way to it, and not in history's hands. */
export const warmPool = ({ url }: OwnedMongo): string => `${url}/?minPoolSize=30`;

/** A message, and who sends it. */
export interface Sending {
  readonly client: RecordingClient;
  readonly message: { readonly conversationId: string; readonly clientMessageId: string; content: string };
}

export function sending(
  client: RecordingClient,
  content: string,
  conversationId: string = randomUUID(),
): Sending {
  return { client, message: { conversationId, clientMessageId: randomUUID(), content } };
}

/** Sends, as a client that does not give up; resolves with what it shows as the answer once that is stored. */
export async function answered({ client, message }: Sending): Promise<Entry> {
  const startedAt = performance.now();
  const { conversationId, content: prompt } = message;
  const taken = async (): Promise<unknown> => (await client.ask('send', message)).answerId;
  const answerId = await waitFor(taken, { what: `"${prompt}" to be taken`, deadlineMs: RECOVERY_MS });
  const { content } = await client.until('answer-ended', ({ id }) => id === answerId, RECOVERY_MS);
  const tookMs = performance.now() - startedAt;
  const streamed = [shownText(client, answerId)];
  return { conversationId, prompt, acked: true, tookMs, shown: content as string, streamed };
}

/** The acknowledgement comes before the client gives up waiting for it, and says when to try again. */
export async function expectRefusal({ client, message }: Sending): Promise<void> {
  const error = { code: 'HISTORY_UNAVAILABLE', retryAfterMs: expect.any(Number) as number };
  expect(await client.ask('send', message)).toMatchObject({ ok: false, error });
}

export interface StoreOutageOptions {
  readonly database: string;
  /** Of gateways as well as of workers. */
  readonly processes: number;
  /** Answers that a worker writes at the same time. Few: some are claimed for the first time while the store is away. */
  readonly concurrency: number;
}

/** A cluster whose store the test takes away. */
export class StoreOutageWorld implements AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly #cluster: Cluster;
  readonly #balancer: LoadBalancer;
  readonly #redis: Redis;

  private constructor(provider: ScriptedProvider, cluster: Cluster, balancer: LoadBalancer) {
    this.provider = provider;
    this.#cluster = cluster;
    this.#balancer = balancer;
    this.#redis = new Redis(cluster.redis.url);
  }

  static async start({ database, processes, concurrency }: StoreOutageOptions): Promise<StoreOutageWorld> {
    const provider = await ScriptedProvider.start();
    provider.script(({ prompt }) =>
      prompt === HELD
        ? pieces(WORDS, { everyMs: 20, faults: [holdAfter(WORDS.length / 2)] })
        : answer(replyTo(prompt), { piece: 4, everyMs: 40 }),
    );
    const env = { WORKER_CONCURRENCY: String(concurrency) };
    const cluster = await Cluster.start({ gateways: processes, workers: processes, provider, database, env });
    const balancer = await LoadBalancer.start(() => cluster.gateways.map(({ port }) => port));
    return new StoreOutageWorld(provider, cluster, balancer);
  }

  /** Of all gateways. */
  get url(): string {
    return this.#balancer.url;
  }

  async client(gateway: 0 | 1): Promise<RecordingClient> {
    return nativeClient(this.#cluster.gateways[gateway]?.url ?? '');
  }

  /** Lets the held answer go on. */
  release(): void {
    this.provider.release(this.provider.requests.find(({ prompt }) => prompt === HELD)?.id);
  }

  /** SIGKILL: with SQLite there is no store without it. */
  async killHistory(): Promise<void> {
    await this.#cluster.histories[0]?.kill();
  }

  async restartHistory(): Promise<void> {
    await this.#cluster.histories[0]?.restart();
  }

  /** Answers that history has queued again because nobody worked on them. */
  async swept(): Promise<number> {
    return readMetric(this.#cluster.histories[0]?.url ?? '', 'parley_history_answers_swept_total');
  }

  /** Calls that history could not carry out because of the database. */
  async storeErrors(): Promise<number> {
    return readMetric(this.#cluster.histories[0]?.url ?? '', 'parley_history_store_errors_total');
  }

  /** Why history says that it is not ready; empty if it is. */
  async notReadyBecause(): Promise<string[]> {
    const response = await fetch(`${this.#cluster.histories[0]?.url ?? ''}/readyz`);
    const { reasons } = (await response.json()) as { reasons: string[] };
    return response.status === 503 ? reasons : [];
  }

  /** True while the end of the answer's first epoch is in the queue `history`. */
  async waitsToBeStored(answerId: string): Promise<boolean> {
    const { queuePrefix, queues } = redisNames;
    return (await this.#redis.exists(`${queuePrefix}:${queues.history}:${answerId}-1`)) === 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await this.#balancer[Symbol.asyncDispose]();
    await this.#cluster.stop();
    await this.provider.stop();
  }
}
