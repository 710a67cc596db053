import type { Message, NativeMessage } from '@parley/contracts';

/** A message as the native dialect shows it. */
export function toNativeMessage(message: Message): NativeMessage {
  const { id, conversationId, seq, role, content, status, createdAt, clientMessageId, replyTo, epoch } =
    message;
  return {
    id,
    conversationId,
    seq,
    role,
    content,
    status,
    createdAt,
    ...(clientMessageId !== undefined && { clientMessageId }),
    ...(replyTo !== undefined && { replyTo }),
    ...(epoch !== undefined && { epoch }),
  };
}
