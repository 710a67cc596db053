import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { expect } from 'vitest';
import { RecordingClient } from './recording-client.ts';

/** A plain client of the dialect `native`. */
export async function nativeClient(gatewayUrl: string, token?: string): Promise<RecordingClient> {
  return RecordingClient.connect(
    `${gatewayUrl}${NATIVE_NAMESPACE}`,
    token === undefined ? {} : { auth: { token } },
  );
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
