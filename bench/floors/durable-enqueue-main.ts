import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { sendSteadily, type SendPlan, type SendResult } from '../load/send-plan.ts';
import { serveRole } from '../load/serve-role.ts';
import { monotonicMs } from '../measure/monotonic.ts';
import { summarize } from '../measure/percentiles.ts';
import { Samples } from '../measure/samples.ts';

/** As long as a message of a chat and what is stored with it. */
const MESSAGE = 'x'.repeat(540);

const calls = { run };
export type DurableEnqueueCalls = typeof calls;
serveRole(calls);

/** In one process: one insert that is on the disk when it returns, then a BullMQ job; the answer begins with its pick-up. */
async function run({ redisUrl, ...plan }: SendPlan & { redisUrl: string }): Promise<SendResult> {
  await using opened = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'parley-floor-'));
  opened.defer(() => rm(dir, { recursive: true, force: true }));
  const insert = openInsert(join(dir, 'floor.db'), opened);
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  opened.defer(() => connection.disconnect());
  const queue = new Queue('floor', { connection });
  opened.defer(() => queue.close());
  const picked = new Map<string, () => void>();
  const take = (job: { name: string }): Promise<void> => Promise.resolve(picked.get(job.name)?.());
  const worker = new Worker('floor', take, { connection, concurrency: 100 });
  opened.defer(() => worker.close());
  await worker.waitUntilReady();

  const acks = new Samples();
  const answers = new Samples();
  await sendSteadily(plan, async (_, counts) => {
    const id = randomUUID();
    const pickUp = Promise.withResolvers<number>();
    const sentAt = monotonicMs();
    picked.set(id, () => pickUp.resolve(monotonicMs() - sentAt));
    insert(id);
    await queue.add(id, {}, { removeOnComplete: true });
    const ackMs = monotonicMs() - sentAt;
    const answerMs = await pickUp.promise;
    picked.delete(id);
    if (!counts) return;
    acks.add(ackMs);
    answers.add(answerMs);
  });
  return { ack: summarize(acks.values), answer: summarize(answers.values) };
}

function openInsert(path: string, opened: AsyncDisposableStack): (id: string) => void {
  const db = new DatabaseSync(path);
  opened.defer(() => db.close());
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE messages (id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID');
  const statement = db.prepare('INSERT INTO messages VALUES (?, ?)');
  return id => void statement.run(id, MESSAGE);
}
