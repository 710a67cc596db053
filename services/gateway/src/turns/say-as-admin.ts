import { randomUUID } from 'node:crypto';
import { ParleyError, type Message } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';

export interface AdminMessage {
  conversationId: string;
  content: string;
  clientMessageId?: string | undefined;
  socketId?: string | undefined;
}

/** Stores what an admin says. When it resolves, the message is stored. */
export class SayAsAdmin {
  readonly #history: HistoryClient;
  readonly #maxMessageChars: number;

  constructor(history: HistoryClient, maxMessageChars: number) {
    this.#history = history;
    this.#maxMessageChars = maxMessageChars;
  }

  /** @throws ParleyError MESSAGE_TOO_LONG, CONVERSATION_NOT_FOUND, HISTORY_UNAVAILABLE */
  async say(said: AdminMessage): Promise<Message> {
    if (said.content.length > this.#maxMessageChars) throw new ParleyError('MESSAGE_TOO_LONG');
    const { message } = await this.#history.call('addMessage', {
      conversationId: said.conversationId,
      clientMessageId: said.clientMessageId ?? randomUUID(),
      role: 'admin',
      content: said.content,
      origin: said.socketId,
    });
    return message;
  }
}
