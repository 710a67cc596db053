import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  conversationFrame,
  historyJob,
  redisNames,
  type ConversationFrame,
  type HistoryJob,
} from '@parley/contracts';
import {
  AnswerLog,
  AnswerQueue,
  FramePublisher,
  ReleaseStack,
  closeRedis,
  connectRedis,
  createLogger,
  readFrame,
  type AnswerRef,
  type RunningService,
} from '@parley/platform';
import { OwnedRedis, ScriptedProvider, ServiceProcess, waitFor } from '@parley/testkit';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { startAiWorker } from '../src/ai-worker.ts';
import { readConfig } from '../src/config.ts';
import { ClaimDesk } from './claim-desk.ts';

export type AnswerFrame = Extract<ConversationFrame, { type: 'answer.started' | 'answer.delta' }>;
type Env = Readonly<Record<string, string>>;

/** A worker that runs inside the test's process. */
export interface LocalWorker extends RunningService {
  stop(): Promise<void>;
}

const KEY = 'sk-test-first-0123456789';
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const silent = createLogger({ service: 'test', level: 'silent' });

/** Everything around workers: a Redis of their own, a scripted model, history's claims, and an ear on the channels. */
export class WorkerRig implements AsyncDisposable {
  readonly redis: OwnedRedis;
  readonly provider: ScriptedProvider;
  readonly desk: ClaimDesk;
  readonly connection: Redis;
  readonly log: AnswerLog;
  readonly queue: AnswerQueue;
  readonly #publisher: FramePublisher;
  readonly #historyQueue: Queue;
  readonly #frames: AnswerFrame[] = [];
  readonly #releases: AsyncDisposableStack;

  private constructor(parts: Pick<WorkerRig, 'redis' | 'provider' | 'desk'>, releases: AsyncDisposableStack) {
    ({ redis: this.redis, provider: this.provider, desk: this.desk } = parts);
    this.#releases = releases;
    this.connection = this.#connect('jobs');
    this.log = new AnswerLog(this.connection);
    this.#publisher = new FramePublisher(this.connection);
    this.queue = releases.adopt(new AnswerQueue(this.connection), queue => queue.close());
    const { queues, queuePrefix } = redisNames;
    const options = { connection: this.connection, prefix: queuePrefix };
    this.#historyQueue = releases.adopt(new Queue(queues.history, options), queue => queue.close());
    // Tests take Redis away; who waits for it finds out by its own deadline.
    this.#historyQueue.on('error', () => undefined);
  }

  static async start(): Promise<WorkerRig> {
    await using opened = new AsyncDisposableStack();
    const redis = opened.use(await OwnedRedis.start());
    const provider = opened.use(await ScriptedProvider.start());
    const desk = opened.use(await ClaimDesk.start());
    const rig = new WorkerRig({ redis, provider, desk }, opened.move());
    const ear = rig.#connect('adapter');
    ear.on('pmessage', (_pattern: string, _channel: string, payload: string) => {
      const frame = readFrame(conversationFrame.read, payload);
      if (frame?.type === 'answer.started' || frame?.type === 'answer.delta') rig.#frames.push(frame);
    });
    await ear.psubscribe(redisNames.conversationChannel('*'));
    return rig;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#releases.disposeAsync();
  }

  /** Starts a worker in this process; it is stopped with the rig, unless before. */
  async startWorker(env: Env = {}): Promise<LocalWorker> {
    const releases = new ReleaseStack(silent);
    const worker = await startAiWorker(readConfig(this.#env(env)), silent, releases);
    const stop = async (): Promise<void> => {
      await worker.drain();
      await releases.releaseAll();
    };
    return this.#releases.adopt({ ...worker, stop }, stop);
  }

  /** Starts a worker as a process of its own. */
  async spawnWorker(env: Env = {}): Promise<ServiceProcess> {
    const options = { name: 'worker', main: MAIN, env: { PATH: process.env.PATH, ...this.#env(env) } };
    return this.#releases.adopt(await ServiceProcess.start(options), async worker => {
      await worker.terminate();
    });
  }

  /** Orders an answer to a question. */
  async ask(question = 'why?', claims: { runs?: number; epoch?: number } = {}): Promise<AnswerRef> {
    const id = randomUUID();
    const answer = { conversationId: `c-${id}`, answerId: `a_${id}` };
    this.desk.open(answer, question, claims);
    await this.queue.add(answer);
    return answer;
  }

  /** Puts anything at all into the queue. */
  async addRawJob(jobId: string, data: unknown): Promise<void> {
    const { queues, queuePrefix } = redisNames;
    const queue = new Queue(queues.answers, { connection: this.connection, prefix: queuePrefix });
    await queue.add(queues.answers, data, { jobId });
    await queue.close();
  }

  /** What has been said on the channels about an answer. */
  framesOf({ answerId }: AnswerRef): AnswerFrame[] {
    return this.#frames.filter(frame => frame.answerId === answerId);
  }

  /** The text that a client shows that heard everything. @throws Error at a gap or a repeat. */
  shownOf(answer: AnswerRef): { epoch: number; text: string } {
    const shown = { epoch: 0, text: '' };
    for (const frame of this.framesOf(answer)) {
      if (frame.epoch !== shown.epoch) Object.assign(shown, { epoch: frame.epoch, text: '' });
      if (frame.type !== 'answer.delta') continue;
      if (frame.offset !== shown.text.length)
        throw new Error(`offset ${frame.offset} at ${shown.text.length}`);
      shown.text += frame.text;
    }
    return shown;
  }

  /** Waits until a client shows this much. */
  async shows(answer: AnswerRef, text: string): Promise<void> {
    await waitFor(() => this.shownOf(answer).text === text, { what: `clients to show "${text}"` });
  }

  /** All that history was told about an answer. */
  async finishesOf({ answerId }: AnswerRef): Promise<HistoryJob[]> {
    const jobs = await this.#historyQueue.getJobs(['waiting']);
    return jobs.map(job => historyJob.write.parse(job.data)).filter(fact => fact.answerId === answerId);
  }

  /** Waits until history is told how the answer ended. */
  async finish(answer: AnswerRef, deadlineMs = 10_000): Promise<HistoryJob> {
    const found = async (): Promise<HistoryJob | undefined> => (await this.finishesOf(answer))[0];
    return waitFor(found, { deadlineMs, what: 'the answer to end' });
  }

  /** Waits until the answer's job is gone, whatever came of it. */
  async jobIsDone({ answerId }: AnswerRef): Promise<void> {
    const key = `${redisNames.queuePrefix}:${redisNames.queues.answers}:${answerId}`;
    await waitFor(async () => (await this.connection.exists(key)) === 0, { what: 'the job to be done' });
  }

  /** What history does when somebody presses Stop. */
  async stopAnswer(answer: AnswerRef): Promise<void> {
    await this.log.fence(answer, 'stopping', 1);
    await this.#publisher.toWorkers({ type: 'answer.fenced', ...answer });
  }

  /** Waits for a line of a worker's log. */
  async workerSays(worker: ServiceProcess, text: string): Promise<void> {
    await waitFor(() => worker.logs.some(line => line.includes(text)), {
      what: `the worker to say "${text}"`,
    });
  }

  /** Every key of Redis, with what can be read of it. */
  async everythingInRedis(): Promise<unknown> {
    const names = await this.connection.keys('*');
    return Promise.all(
      names.map(async name => [
        name,
        await this.connection.hgetall(name).catch(() => undefined),
        await this.connection.get(name).catch(() => undefined),
      ]),
    );
  }

  #connect(role: 'jobs' | 'adapter'): Redis {
    return this.#releases.adopt(connectRedis(this.redis.url, role, silent), closeRedis);
  }

  #env(env: Env): Record<string, string> {
    return {
      NODE_ENV: 'test',
      PORT: '0',
      REDIS_URL: this.redis.url,
      HISTORY_URL: this.desk.url,
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: this.provider.baseUrl,
      ...env,
    };
  }
}
