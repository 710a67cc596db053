import { randomUUID } from 'node:crypto';
import { createParleyClient, memoryStorage, type ParleyClient, type StoredMessage } from '@parley/client';
import { waitFor } from '@parley/testkit';
import type { Entry } from './ledger.ts';
import { StreamWatcher, watchSnapshots, type StreamedTexts } from './streamed-texts.ts';

export interface LoadOptions {
  readonly url: string;
  readonly conversations: number;
  /** Conversations at the same time. */
  readonly parallel: number;
  /** Messages of each, one after the other. */
  readonly turns: number;
  /** After this long an answer counts as stuck. */
  readonly patienceMs: number;
}

/** One of so many conversations is also watched by a client of the dialect `stream`. */
const WATCHED_EVERY = 5;

/** Lets visitors talk, so many at a time, and resolves with what each of them sent and was shown. */
export async function converse(options: LoadOptions): Promise<Entry[]> {
  const entries: Entry[] = [];
  let left = options.conversations;
  const visitor = async (): Promise<void> => {
    while (left-- > 0) entries.push(...(await conversation(options, left % WATCHED_EVERY === 0)));
  };
  await Promise.all(Array.from({ length: options.parallel }, visitor));
  return entries;
}

async function conversation({ url, turns, patienceMs }: LoadOptions, isWatched: boolean): Promise<Entry[]> {
  const conversationId = randomUUID();
  const client = createParleyClient({ url, conversationId, storage: memoryStorage() });
  using watcher = isWatched ? new StreamWatcher(url, conversationId) : undefined;
  const snapshots = watchSnapshots(client);
  await watcher?.joined(patienceMs);
  client.start();
  const entries: Entry[] = [];
  try {
    for (let turn = 1; turn <= turns; turn++) {
      const prompt = `${conversationId} asks ${turn}`;
      const sentAt = performance.now();
      client.send(prompt);
      const answer = await waitFor(() => answerTo(client, prompt), {
        what: prompt,
        deadlineMs: patienceMs,
      }).catch(() => undefined);
      const tookMs = answer === undefined ? undefined : performance.now() - sentAt;
      const acked = questionOf(client, prompt) !== undefined;
      await watcher?.caughtUp();
      const watched = answer ? partsOf(answer, snapshots, watcher) : {};
      entries.push({ conversationId, prompt, acked, tookMs, shown: answer?.content, ...watched });
    }
  } finally {
    client.close();
  }
  return entries;
}

function partsOf(
  { id, status }: StoredMessage,
  snapshots: StreamedTexts,
  watcher: StreamWatcher | undefined,
): Pick<Entry, 'streamed' | 'chunks' | 'cutShort'> {
  // An apology is no continuation of what was shown before it.
  if (status === 'failed') return {};
  const chunks = watcher?.texts.of(id) ?? [];
  const streamed = [...snapshots.of(id), ...chunks, ...(watcher?.wholeTexts.of(id) ?? [])];
  return { streamed, chunks: chunks.length, cutShort: status !== 'complete' };
}

/** The message once the server has said that it is stored. */
function questionOf(client: ParleyClient, prompt: string): StoredMessage | undefined {
  return client.getSnapshot().transcript.messages.find(({ content }) => content === prompt);
}

/** The stored answer that the client shows below its message. */
function answerTo(client: ParleyClient, prompt: string): StoredMessage | undefined {
  const question = questionOf(client, prompt);
  const { messages } = client.getSnapshot().transcript;
  return question && messages.find(({ role, replyTo }) => role === 'assistant' && replyTo === question.id);
}
