import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { expect } from 'vitest';
import { RecordingClient } from './recording-client.ts';

/** A plain client of the dialect `native`; what it hears as a `piece`, it also notes in full, as an `answer-piece`. */
export async function nativeClient(gatewayUrl: string, token?: string): Promise<RecordingClient> {
  const url = `${gatewayUrl}${NATIVE_NAMESPACE}`;
  const client = await RecordingClient.connect(url, token === undefined ? {} : { auth: { token } });
  const attempts = new Map<number, Record<string, unknown>>();
  client.socket.on('answer-started', ({ handle, ...attempt }: { handle: number }) => {
    attempts.set(handle, attempt);
  });
  client.socket.on('piece', ([handle, offset, text]: [number, number, string]) => {
    const attempt = attempts.get(handle);
    if (!attempt) throw new Error(`nothing has been told of the handle ${handle}`);
    client.events.push({ event: 'answer-piece', payload: { ...attempt, offset, text } });
  });
  return client;
}

/** Sends a message and resolves with the acknowledgement. */
export async function send(
  client: RecordingClient,
  conversationId: string,
  content: string,
): Promise<Record<string, unknown>> {
  return client.ask('send', { conversationId, clientMessageId: randomUUID(), content });
}

/** The text of an answer put together from its pieces as a client would; fails where a piece does not fit. */
export function shownText(client: RecordingClient, answerId: unknown): string {
  let epoch = 0;
  let text = '';
  for (const { event, payload } of client.events) {
    if (payload.answerId !== answerId) continue;
    if ((payload.epoch as number) > epoch) {
      epoch = payload.epoch as number;
      text = '';
    }
    if (event !== 'answer-piece') continue;
    expect([payload.epoch, payload.offset]).toEqual([epoch, text.length]);
    text += payload.text as string;
  }
  return text;
}
