import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { redisNames, type HistoryReply, type Message } from '@parley/contracts';
import { AnswerHeartbeat, HistoryClient, type AnswerRef } from '@parley/platform';
import { OwnedRedis, ServiceProcess, freePort } from '@parley/testkit';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

export const HISTORY_MAIN = join(import.meta.dirname, '../src/main.ts');

/** A history process, and what a gateway or a worker would call it with. */
export interface RunningHistory {
  readonly service: ServiceProcess;
  readonly client: HistoryClient;
  /** Stores a turn; returns its answer. */
  readonly ask: (conversationId: string, content?: string) => Promise<Message>;
}

/** A Redis for the test that calls it. */
export async function startRedis(): Promise<OwnedRedis> {
  const redis = await OwnedRedis.start();
  onTestFinished(() => redis.stop());
  return redis;
}

/** What a test is spared that says nothing of it: a database on a disk, and sweeps. */
const DEFAULTS = { DATABASE_URL: 'memory:', SWEEP_INTERVAL_MS: '3600000' };

/** Starts history as a process of its own for the test that calls it. */
export async function startHistory(redis: OwnedRedis, env: NodeJS.ProcessEnv = {}): Promise<RunningHistory> {
  const service = await ServiceProcess.start({
    name: 'history',
    main: HISTORY_MAIN,
    env: {
      PATH: process.env.PATH,
      PORT: String(await freePort()),
      REDIS_URL: redis.url,
      ...DEFAULTS,
      ...env,
    },
  });
  onTestFinished(async () => {
    await service.terminate();
  });
  const client = new HistoryClient({ url: service.url, token: env.INTERNAL_TOKEN });
  return {
    service,
    client,
    ask: async (conversationId, content = 'Why?') =>
      answerOf(await client.call('appendTurn', { conversationId, clientMessageId: randomUUID(), content })),
  };
}

export const newId = (): string => `c-${randomUUID()}`;

export function answerOf({ answer }: HistoryReply<'appendTurn'>): Message {
  if (!answer) throw new Error('The turn asks for no answer');
  return answer;
}

/** A connection that is gone after the test. */
export function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** The heart of an answer's worker, which beats until the test is over. */
export async function keepAlive(redisUrl: string, answer: AnswerRef): Promise<void> {
  const heartbeat = await AnswerHeartbeat.start(connect(redisUrl), answer, () => undefined);
  onTestFinished(() => heartbeat[Symbol.dispose]());
}

/** A queue as its producers and consumers see it. */
export function openQueue(name: keyof typeof redisNames.queues, redisUrl: string): Queue {
  const queue = new Queue(redisNames.queues[name], {
    connection: connect(redisUrl),
    prefix: redisNames.queuePrefix,
  });
  onTestFinished(() => queue.close());
  return queue;
}

/** What is published on some channels, oldest first. */
export interface Overheard {
  readonly frames: { type: string; [field: string]: unknown }[];
  /** Resolves once everything that was published before has arrived. */
  readonly caughtUp: () => Promise<void>;
}

/** Listens to channels from now on. */
export async function overhear(redisUrl: string, ...channels: string[]): Promise<Overheard> {
  const [subscriber, publisher] = [connect(redisUrl), connect(redisUrl)];
  const frames: Overheard['frames'] = [];
  const markers = new Map<string, () => void>();
  subscriber.on('message', (_channel: string, payload: string) => {
    const marked = markers.get(payload);
    if (marked) marked();
    else frames.push(JSON.parse(payload) as Overheard['frames'][number]);
  });
  await subscriber.subscribe(...channels);
  return {
    frames,
    caughtUp: async () => {
      for (const channel of channels) {
        const marker = randomUUID();
        const { promise, resolve } = Promise.withResolvers<undefined>();
        markers.set(marker, () => resolve(undefined));
        await publisher.publish(channel, marker);
        await promise;
      }
    },
  };
}
