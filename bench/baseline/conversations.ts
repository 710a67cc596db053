import { randomUUID } from 'node:crypto';

export interface Message {
  readonly id: string;
  content: string;
  readonly role: 'user' | 'assistant';
  readonly timestamp: Date;
  readonly conversationId: string;
}

export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly messages: Message[];
  readonly createdAt: Date;
  updatedAt: Date;
}

/** The store of the original design: a Map, gone with the process. */
export class Conversations {
  readonly #byId = new Map<string, Conversation>();

  get(id: string): Conversation | undefined {
    return this.#byId.get(id);
  }

  list(): Conversation[] {
    return [...this.#byId.values()].sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  }

  /** Adds a message; creates the conversation when it is unknown. */
  add(conversationId: string, role: Message['role'], content: string): Message {
    const now = new Date();
    const conversation = this.#byId.get(conversationId) ?? {
      id: conversationId,
      title: content.slice(0, 50),
      messages: [],
      createdAt: now,
      updatedAt: now,
    };
    this.#byId.set(conversationId, conversation);
    const message: Message = { id: randomUUID(), content, role, timestamp: now, conversationId };
    conversation.messages.push(message);
    conversation.updatedAt = now;
    return message;
  }
}
