import type { Conversation, EndAs, Message } from '@parley/contracts';
import { Schema, type Connection, type Model } from 'mongoose';

/** A conversation as it is stored. */
export interface ConversationDocument extends Omit<Conversation, 'id'> {
  _id: string;
  /** The highest `seq` that has been given away. */
  nextSeq: number;
}

/** A message as it is stored. */
export interface MessageDocument extends Omit<Message, 'id'> {
  _id: string;
  /** The conversation's id while the message is an open answer, or its turn is half stored; then gone. */
  openIn?: string;
  /** The conversation's id while this is the turn, of those that want to be alone, that was let in last. */
  soleIn?: string;
  /** The `seq` of the newest of what has taken its place, if anything has. */
  replacedBefore?: number;
  /** Answers: how often a worker was allowed to run. */
  runs?: number;
  /** Answers: how somebody wished them to end while they were open. */
  endAs?: EndAs;
  /** Answers: the id of the newest claim, and what it was given. */
  claimId?: string;
  claimOutcome?: 'run' | 'exhausted';
}

export interface MongoModels {
  readonly conversations: Model<ConversationDocument>;
  readonly messages: Model<MessageDocument>;
}

// A misspelt field must neither be dropped from a write nor, which would match everything, from a filter.
const options = { strict: 'throw', strictQuery: 'throw', minimize: false, versionKey: false } as const;

const conversationSchema = new Schema(
  {
    _id: String,
    title: String,
    mode: String,
    visitorId: String,
    userAgent: String,
    ipAddress: String,
    lastMessage: String,
    createdAt: String,
    updatedAt: String,
    nextSeq: Number,
  },
  { ...options, collection: 'conversations' },
)
  .index({ updatedAt: -1, _id: -1 })
  .index({ visitorId: 1, updatedAt: -1, _id: -1 });

const messageSchema = new Schema(
  {
    _id: String,
    conversationId: String,
    seq: Number,
    role: String,
    content: String,
    status: String,
    createdAt: String,
    updatedAt: String,
    clientMessageId: String,
    replyTo: String,
    epoch: Number,
    usage: Schema.Types.Mixed,
    openIn: String,
    soleIn: String,
    replacedBefore: Number,
    runs: Number,
    endAs: String,
    claimId: String,
    claimOutcome: String,
  },
  { ...options, collection: 'messages' },
)
  .index({ conversationId: 1, seq: 1 }, { unique: true })
  .index({ openIn: 1 }, { sparse: true })
  .index({ soleIn: 1 }, { sparse: true, unique: true });

/** The two collections, on this connection. */
export function mongoModels(connection: Connection): MongoModels {
  return {
    conversations: connection.model<ConversationDocument>('Conversation', conversationSchema),
    messages: connection.model<MessageDocument>('Message', messageSchema),
  };
}
