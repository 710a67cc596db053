import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { nativeClient, send } from '../e2e/clients/native-client.ts';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import { KeyedWorkers } from './keyed-workers.ts';

const WORKERS = 2;
const ENDED_MS = 30_000;

export interface Question extends Disposable {
  readonly conversationId: string;
  readonly answerId: string;
  readonly prompt: string;
  readonly client: RecordingClient;
}

/** A cluster whose workers are killed at moments that the provider, the answer log or the test chooses. */
export class WorkerKillWorld implements AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly cluster: Cluster;
  readonly workers: KeyedWorkers;
  readonly redis: Redis;

  private constructor(provider: ScriptedProvider, cluster: Cluster, workers: KeyedWorkers) {
    this.provider = provider;
    this.cluster = cluster;
    this.workers = workers;
    this.redis = new Redis(cluster.redis.url);
  }

  static async start(workers = WORKERS): Promise<WorkerKillWorld> {
    const provider = await ScriptedProvider.start();
    const cluster = await Cluster.start({ workers: 0, provider });
    return new WorkerKillWorld(provider, cluster, await KeyedWorkers.start(cluster, workers));
  }

  async ask(prompt: string): Promise<Question> {
    const conversationId = randomUUID();
    const client = await nativeClient(this.cluster.gateways[0]?.url ?? '');
    const { answerId } = await send(client, conversationId, prompt);
    return {
      ...{ conversationId, answerId: answerId as string, prompt, client },
      [Symbol.dispose]: () => client.socket.disconnect(),
    };
  }

  /** How often the provider was asked it. */
  runs(prompt: string): number {
    return this.provider.requests.filter(request => request.prompt === prompt).length;
  }

  /** SIGKILL to the worker that asked the provider last. */
  async killAsker(): Promise<void> {
    const request = this.provider.requests.at(-1);
    if (!request) throw new Error('Nobody has asked the provider');
    await this.workers.whoAsked(request).kill();
  }

  async logState({ conversationId, answerId }: Question): Promise<string | null> {
    return this.redis.hget(redisNames.answer(conversationId, answerId).meta, 'state');
  }

  /** It ends once, as expected, for its client as well as in the store; nothing is stuck; others are answered. */
  async expectEnd(
    question: Question,
    end: { status: string; content: unknown; epoch?: number },
  ): Promise<void> {
    const { conversationId, client, prompt, answerId } = question;
    const ended = await client.until('answer-ended', () => true, ENDED_MS);
    expect(ended).toMatchObject({ id: answerId, ...end });
    using another = await nativeClient(this.cluster.gateways[0]?.url ?? '');
    const stored = await another.ask('resume', { conversationId });
    expect(stored.messages).toMatchObject([
      { role: 'user', content: prompt },
      { id: answerId, ...end },
    ]);
    await this.#expectNothingStuck(conversationId);
    this.provider.script(answer('Still here'));
    using next = await this.ask('And others?');
    expect(await next.client.until('answer-ended')).toMatchObject({ content: 'Still here' });
    expect(client.all('answer-ended')).toHaveLength(1);
  }

  async #expectNothingStuck(conversationId: string): Promise<void> {
    const jobs = async (): Promise<number> => {
      const counts = Object.values(redisNames.queues).flatMap(queue => {
        const key = (kind: string): string => `${redisNames.queuePrefix}:${queue}:${kind}`;
        const lists = ['wait', 'active'].map(kind => this.redis.llen(key(kind)));
        return [...lists, ...['delayed', 'failed'].map(kind => this.redis.zcard(key(kind)))];
      });
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
    await waitFor(async () => (await jobs()) === 0, { what: 'no job to be left', deadlineMs: 15_000 });
    expect(await this.redis.exists(redisNames.liveAnswers(conversationId))).toBe(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis.quit();
    await this.cluster.stop();
    await this.provider.stop();
  }
}
