import { randomUUID } from 'node:crypto';
import { Cluster, OwnedRedis, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { expect } from 'vitest';
import { nativeClient, shownText } from '../e2e/clients/native-client.ts';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call } from '../e2e/clients/rest-client.ts';

const WORDS = Array.from({ length: 60 }, (_, index) => `word-${index} 👋 `);
const TEXT = WORDS.join('');
const WORKERS = 2;

/** A cluster of its own for one outage, so that several can be suffered at the same time. */
export class OutageWorld implements AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly redis: OwnedRedis;
  readonly #cluster: Cluster;

  private constructor(provider: ScriptedProvider, redis: OwnedRedis, cluster: Cluster) {
    this.provider = provider;
    this.redis = redis;
    this.#cluster = cluster;
  }

  static async start(): Promise<OutageWorld> {
    const provider = await ScriptedProvider.start();
    const redis = await OwnedRedis.start({ appendOnly: true });
    // One of them streams when Redis goes, the other waits for work. Each can do one thing at a time, so that one that does
    // nothing any more is noticed.
    const env = { WORKER_CONCURRENCY: '1' };
    const cluster = await Cluster.start({ gateways: 2, workers: WORKERS, provider, redis, env });
    return new OutageWorld(provider, redis, cluster);
  }

  async client(gateway: 0 | 1): Promise<RecordingClient> {
    return nativeClient(this.#cluster.gateways[gateway]?.url ?? '');
  }

  async stored(conversationId: string): Promise<string[]> {
    const { body } = await call(this.#cluster.gateways[0]?.url ?? '', `/api/conversations/${conversationId}`);
    return body.messages.map(({ content }: { content: string }) => content);
  }

  /** Resolves when a worker could not write what it has got. */
  async untilRunFailed(): Promise<void> {
    const logs = (): string[] => this.#cluster.workers.flatMap(worker => worker.logs);
    const failed = (): boolean => logs().some(line => line.includes('the run failed'));
    await waitFor(failed, { what: 'a worker to fail', deadlineMs: 20_000 });
  }

  /**
   * Lets an answer stream, does the damage in the middle of it, and expects that everything is well in the end.
   *
   * @param runs how often the provider may be asked for that answer.
   */
  async streamThrough(damage: () => Promise<void>, runs = 2): Promise<void> {
    const conversationId = randomUUID();
    using visitor = await this.client(0);
    using watcher = await this.client(1);
    await watcher.ask('resume', { conversationId });
    this.provider.script(pieces(WORDS, { everyMs: 50 }));
    const { answerId } = await visitor.ask('send', {
      conversationId,
      clientMessageId: randomUUID(),
      content: 'Go',
    });
    await watcher.until('answer-piece');
    await damage();
    for (const client of [visitor, watcher]) {
      const ended = await client.until('answer-ended', () => true, 60_000);
      expect(ended).toMatchObject({ id: answerId, status: 'complete', content: TEXT });
      expect(TEXT.startsWith(shownText(client, answerId))).toBe(true);
      expect(client.all('answer-ended')).toHaveLength(1);
      expect(ended.epoch).toBeLessThanOrEqual(runs);
    }
    expect(await this.stored(conversationId)).toEqual(['Go', TEXT]);
    expect(this.provider.requests.filter(({ prompt }) => prompt === 'Go').length).toBeLessThanOrEqual(runs);
    this.provider.script(answer('Still here'));
    await this.answered(conversationId, 'And now?', 'Still here');
    expect(await this.stored(conversationId)).toEqual(['Go', TEXT, 'And now?', 'Still here']);
    await this.everyWorkerAnswers();
  }

  /** As many answers at the same time as there are workers: none of them is stuck. */
  async everyWorkerAnswers(): Promise<void> {
    const prompts = Array.from({ length: WORKERS }, (_, index) => `Hold ${index}`);
    const held = pieces(['Held', ' back'], { faults: [holdAfter(1)] });
    this.provider.script(({ prompt }) => (prompts.includes(prompt) ? held : answer('Still here')));
    const answers = prompts.map(prompt => this.answered(randomUUID(), prompt, 'Held back'));
    await this.provider.waitFor(
      requests => requests.filter(request => request.held).length === WORKERS,
      30_000,
    );
    this.provider.release();
    await Promise.all(answers);
  }

  /** Sends as a client that does not give up, and waits for the answer. */
  async answered(conversationId: string, content: string, reply: string): Promise<void> {
    using client = await this.client(1);
    const message = { conversationId, clientMessageId: randomUUID(), content };
    const taken = async (): Promise<boolean> => (await client.ask('send', message)).ok === true;
    await waitFor(taken, { what: 'the send to be taken', deadlineMs: 30_000 });
    await client.until('answer-ended', ended => ended.content === reply, 30_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
    await this.redis.stop();
    await this.provider.stop();
  }
}
