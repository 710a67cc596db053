import { randomUUID } from 'node:crypto';
import { createParleyClient, memoryStorage, type ParleyClient } from '@parley/client';
import { waitFor } from '@parley/testkit';
import type { Entry } from './ledger.ts';

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

/** Lets visitors talk, so many at a time, and resolves with what each of them sent and was shown. */
export async function converse(options: LoadOptions): Promise<Entry[]> {
  const entries: Entry[] = [];
  let left = options.conversations;
  const visitor = async (): Promise<void> => {
    while (left-- > 0) entries.push(...(await conversation(options)));
  };
  await Promise.all(Array.from({ length: options.parallel }, visitor));
  return entries;
}

async function conversation({ url, turns, patienceMs }: LoadOptions): Promise<Entry[]> {
  const conversationId = randomUUID();
  const client = createParleyClient({ url, conversationId, storage: memoryStorage() });
  client.start();
  const entries: Entry[] = [];
  try {
    for (let turn = 1; turn <= turns; turn++) {
      const prompt = `${conversationId} asks ${turn}`;
      const sentAt = performance.now();
      client.send(prompt);
      const shown = await waitFor(() => answerTo(client, prompt), {
        what: prompt,
        deadlineMs: patienceMs,
      }).catch(() => undefined);
      const tookMs = shown === undefined ? undefined : performance.now() - sentAt;
      entries.push({ conversationId, prompt, tookMs, shown });
    }
  } finally {
    client.close();
  }
  return entries;
}

/** The stored answer that the client shows below its message. */
function answerTo(client: ParleyClient, prompt: string): string | undefined {
  const { messages } = client.getSnapshot().transcript;
  const question = messages.find(({ content }) => content === prompt);
  return (
    question && messages.find(({ role, replyTo }) => role === 'assistant' && replyTo === question.id)?.content
  );
}
