import {
  AnswerLog,
  AnswerQueue,
  ChannelSubscriber,
  FramePublisher,
  HistoryClient,
  TokenBudget,
  type Log,
  type Metrics,
  type ReleaseStack,
} from '@parley/platform';
import type { Redis } from 'ioredis';
import { createAccess, type Access } from './access/access.ts';
import type { GatewayConfig, GatewaySecrets } from './config.ts';
import { FeedHub } from './feed/feed-hub.ts';
import type { RedisConnections } from './redis-connections.ts';
import { NewConversations } from './sessions/new-conversations.ts';
import { OpenSession } from './sessions/open-session.ts';
import { AnswerAllowance } from './turns/answer-allowance.ts';
import { AnswerControl } from './turns/answer-control.ts';
import { AnswerWaits } from './turns/answer-waits.ts';
import { OpenAnswers } from './turns/open-answers.ts';
import { QueueDepth } from './turns/queue-depth.ts';
import { SayAsAdmin } from './turns/say-as-admin.ts';
import { SendTurn } from './turns/send-turn.ts';

/** What the gateway does, without the sockets and requests through which it is asked. */
export interface Application extends Access {
  readonly history: HistoryClient;
  readonly subscriber: ChannelSubscriber;
  readonly hub: FeedHub;
  readonly waits: AnswerWaits;
  readonly depth: QueueDepth;
  readonly answers: AnswerQueue;
  readonly frames: FramePublisher;
  readonly turns: SendTurn;
  readonly answerControl: AnswerControl;
  readonly admins: SayAsAdmin;
  readonly sessions: OpenSession;
  readonly isRedisUp: () => boolean;
  /** Milliseconds of a clock that only runs forward. */
  readonly now: () => number;
  readonly log: Log;
}

export function createApplication(
  config: GatewayConfig,
  secrets: GatewaySecrets,
  redis: RedisConnections,
  metrics: Metrics,
  log: Log,
  releases: ReleaseStack,
): Application {
  const now = (): number => performance.now();
  const isRedisUp = (): boolean => Object.values(redis).every(({ status }) => status === 'ready');
  const history = new HistoryClient({ url: config.HISTORY_URL, token: secrets.internalToken });
  releases.push('history', () => history[Symbol.dispose]());
  const access = createAccess({ mode: config.AUTH_MODE, ...secrets }, redis.commands, history);

  const answers = new AnswerQueue(redis.commands);
  releases.push('answer queue', () => answers.close());
  const depth = new QueueDepth(answers, config.QUEUE_MAX_WAITING);
  releases.push('queue depth', () => depth.stop());

  const subscriber = new ChannelSubscriber(redis.feed);
  const hub = new FeedHub({ subscriber, answerLog: new AnswerLog(redis.commands), history, log, now });
  releases.push('feeds', () => hub.stop());
  const waits = new AnswerWaits();
  hub.addListener(waits);

  const help = 'Answers that somebody could not ask for just now, by why';
  const refused = metrics.counter('parley_gateway_refused_answers_total', help, ['reason']);
  const allowance = new AnswerAllowance({
    history,
    depth,
    openAnswers: followOpenAnswers(config, { redis: redis.commands, history, log }, hub, releases),
    budget:
      config.DAILY_TOKEN_BUDGET > 0 ? new TokenBudget(redis.commands, config.DAILY_TOKEN_BUDGET) : undefined,
    onRefused: reason => refused.inc({ reason }),
  });
  const maxMessageChars = config.MAX_MESSAGE_CHARS;
  return {
    ...access,
    ...{ history, subscriber, hub, waits, answers, depth, isRedisUp, now, log },
    frames: new FramePublisher(redis.commands),
    answerControl: new AnswerControl(history, answers, allowance),
    turns: new SendTurn({
      history,
      answers,
      allowance,
      isRedisUp,
      maxMessageChars,
      doubleText: config.DOUBLE_TEXT,
      maxOpenPerConversation: config.QUEUE_MAX_PER_CONVERSATION,
      onWithoutRedis: () => refused.inc({ reason: 'redis' }),
      log,
    }),
    admins: new SayAsAdmin(history, maxMessageChars),
    sessions: new OpenSession(
      history,
      access.policy,
      access.tokens,
      new NewConversations(redis.commands, config.RATE_LIMIT_MAX_CONVERSATIONS, config.RATE_LIMIT_WINDOW_MS),
    ),
  };
}

function followOpenAnswers(
  { QUEUE_MAX_PER_VISITOR: maxPerVisitor, QUEUE_MAX_PER_ADDRESS: maxPerAddress }: GatewayConfig,
  reach: { redis: Redis; history: HistoryClient; log: Log },
  hub: FeedHub,
  releases: ReleaseStack,
): OpenAnswers {
  const openAnswers = new OpenAnswers({ ...reach, maxPerVisitor, maxPerAddress });
  releases.push('open answers', () => openAnswers.stop());
  hub.addListener(openAnswers);
  return openAnswers;
}
