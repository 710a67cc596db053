export { PROTOCOL_VERSION } from './protocol-version.ts';
export { versioned, type Versioned } from './wire/versioned.ts';
export { clientMessageIdSchema, conversationIdSchema, messageIdSchema } from './domain/ids.ts';
export {
  CLOSED_ANSWER_STATUSES,
  OPEN_ANSWER_STATUSES,
  closedAnswerStatusSchema,
  isClosed,
  messageRecord,
  messageRoleSchema,
  messageStatusSchema,
  usageSchema,
  type ClosedAnswerStatus,
  type Message,
  type MessageRole,
  type MessageStatus,
  type Usage,
} from './domain/message.ts';
export { doubleTextPolicySchema, type DoubleTextPolicy } from './domain/double-text.ts';
export { typistSchema, type Typist } from './domain/typist.ts';
export {
  conversationModeSchema,
  conversationRecord,
  previewOf,
  titleFrom,
  type Conversation,
  type ConversationMode,
} from './domain/conversation.ts';
export {
  ERRORS,
  ParleyError,
  errorBodySchema,
  tooManyOpenAnswers,
  type ErrorBody,
  type ErrorCode,
  type Problem,
} from './errors.ts';
export { redisNames, type AnswerKeys } from './redis-names.ts';
export { answerJob, type AnswerJob } from './jobs/answer-job.ts';
export { historyJob, type HistoryJob } from './jobs/history-job.ts';
export { conversationFrame, type ConversationFrame } from './frames/conversation-frame.ts';
export { activityFrame, type ActivityFrame } from './frames/activity-frame.ts';
export { controlFrame, type ControlFrame } from './frames/control-frame.ts';
export {
  historyApi,
  travelsAsQuery,
  type AnswerClaim,
  type EndAs,
  type HistoryApi,
  type HistoryCall,
  type HistoryCallName,
  type HistoryParsedRequest,
  type HistoryReply,
  type HistoryRequest,
} from './history-api/history-api.ts';
export { MAX_MESSAGE_CHARS, messageContentSchema } from './rest/message-content.ts';
export {
  chatConversationSchema,
  chatMessageSchema,
  chatReplySchema,
  chatRequestSchema,
  listConversationsQuerySchema,
  type ChatConversation,
  type ChatMessage,
  type ChatReply,
} from './rest/chat.ts';
export {
  sessionMessageRequestSchema,
  sessionReplySchema,
  sessionRequestSchema,
  supportMessageSchema,
  type SessionReply,
  type SupportMessage,
} from './rest/session.ts';
export { type AckData, type EventCatalog, type Payload } from './sockets/catalog.ts';
export { errorEventSchema, type ErrorEvent } from './sockets/error-event.ts';
export { streamClientEvents, streamServerEvents } from './sockets/stream-dialect.ts';
export {
  supportAdminEvents,
  supportServerEvents,
  supportVisitorEvents,
  type SessionSummary,
} from './sockets/support-dialect.ts';
export {
  NATIVE_NAMESPACE,
  answerPieceSchema,
  answerPositionSchema,
  nativeAdminEvents,
  nativeClientEvents,
  nativeMessageSchema,
  nativeServerEvents,
  type AnswerPiece,
  type AnswerPosition,
  type NativeMessage,
} from './sockets/native-dialect.ts';
