import { conversationRecord, messageRecord, type Conversation, type Message } from '@parley/contracts';
import type { ConversationDocument, MessageDocument } from './mongo-models.ts';

/** Reads a stored conversation. */
export function toConversation(document: ConversationDocument): Conversation {
  const { _id: id, ...fields }: Partial<ConversationDocument> = document;
  delete fields.nextSeq;
  return conversationRecord.read.parse({ id, ...fields });
}

/** Reads a stored message. */
export function toMessage(document: MessageDocument): Message {
  const { _id: id, ...fields }: Partial<MessageDocument> = document;
  delete fields.openIn;
  delete fields.soleIn;
  delete fields.replacedBefore;
  delete fields.runs;
  delete fields.endAs;
  delete fields.claimId;
  delete fields.claimOutcome;
  return messageRecord.read.parse({ id, ...fields });
}

/** What a new conversation is stored as. */
export function conversationDocument({ id, ...fields }: Conversation, nextSeq: number): ConversationDocument {
  return { _id: id, ...fields, nextSeq };
}

/** What a new message is stored as. */
export function messageDocument({ id, ...fields }: Message): MessageDocument {
  return { _id: id, ...fields };
}
