import { createHash } from 'node:crypto';

/** 22 characters of base64url: 132 bits, too many for two keys to meet. */
const ID_CHARS = 22;

/** @returns the id of the message that was sent with this key: the same key, the same id, in whichever process. */
export function messageIdOf(conversationId: string, clientMessageId: string): string {
  return `m_${digest(`${conversationId}\0${clientMessageId}`)}`;
}

/** @returns the id of the answer to a user message. */
export function answerIdOf(messageId: string): string {
  return `a_${digest(messageId)}`;
}

/** @returns the id of a further answer that was asked for with this key. */
export function furtherAnswerIdOf(conversationId: string, clientMessageId: string): string {
  return answerIdOf(messageIdOf(conversationId, clientMessageId));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, ID_CHARS);
}
