/**
 * The only place where the name of a Redis key, channel or queue is built.
 *
 * The conversation's id is the hash tag of everything that belongs to it, so that in Redis Cluster one answer's keys
 * share a slot and one Lua call may touch them all.
 */
const PREFIX = 'parley';

const ofConversation = (conversationId: string): string => `${PREFIX}:{${conversationId}}`;

const liveAnswers = (conversationId: string): string => `${ofConversation(conversationId)}:live`;
const conversationChannel = (conversationId: string): string => `${ofConversation(conversationId)}:frames`;

/** The keys of one answer; all in the slot of its conversation. */
export interface AnswerKeys {
  /** Hash: epoch, state, pen, ending. */
  readonly meta: string;
  /** String: the text so far of the newest epoch. */
  readonly text: string;
  /** String: what the last epoch before had shown, if it had shown anything. */
  readonly before: string;
  /** Set of the conversation's answers that have a log. */
  readonly live: string;
  /** Channel on which the conversation's frames are published. */
  readonly channel: string;
}

export const redisNames = {
  answer: (conversationId: string, answerId: string): AnswerKeys => ({
    meta: `${ofConversation(conversationId)}:answer:${answerId}`,
    text: `${ofConversation(conversationId)}:answer:${answerId}:text`,
    before: `${ofConversation(conversationId)}:answer:${answerId}:before`,
    live: liveAnswers(conversationId),
    channel: conversationChannel(conversationId),
  }),
  /** Exists as long as a worker is alive that works on the answer. */
  heartbeat: (conversationId: string, answerId: string): string =>
    `${ofConversation(conversationId)}:answer:${answerId}:heartbeat`,
  /** Set of the conversation's answers that have a log. */
  liveAnswers,
  /** Channel of one conversation's frames. */
  conversationChannel,
  /** Channel of what admins see of all conversations. */
  activityChannel: `${PREFIX}:activity`,
  /** Channel of what is said to all workers. */
  controlChannel: `${PREFIX}:control`,
  /** Channel on which a gateway hears only itself. */
  selfTestChannel: (gatewayId: string): string => `${PREFIX}:self-test:${gatewayId}`,
  /** Sorted set: gateway id by the time (ms) at which it counts as gone. */
  gateways: `${PREFIX}:gateways`,
  /** Set of the conversations that have a socket on one gateway. */
  presence: (gatewayId: string): string => `${PREFIX}:presence:${gatewayId}`,
  /** Until it expires, no worker uses the provider key with this fingerprint. */
  benchedKey: (fingerprint: string): string => `${PREFIX}:benched-key:${fingerprint}`,
  /** How often in a row that key was told to wait, and not for how long. */
  keyStrikes: (fingerprint: string): string => `${PREFIX}:key-strikes:${fingerprint}`,
  /** What limiters count; what follows is the limiter's own. */
  rateLimitPrefix: (limiter: string): string => `${PREFIX}:limit:${limiter}:`,
  /** Channel prefix of the Socket.IO adapter. */
  socketAdapter: `${PREFIX}:socket.io`,
  /** BullMQ's prefix; hash-tagged, because all keys of a queue must share a slot. */
  queuePrefix: `{${PREFIX}}`,
  queues: { answers: 'answers', history: 'history' },
} as const;
