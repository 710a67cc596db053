export { ConfigurationError, parseEnv } from './config/parse-env.ts';
export { envFields } from './config/env-fields.ts';
export { createLogger, scoped, type Log, type LogOptions } from './logging/logger.ts';
export { TokenBudget, type Settle } from './budget/token-budget.ts';
export { closeRedis, connectRedis, type RedisRole } from './redis/connect.ts';
export { luaScript, type LuaScript } from './redis/lua-script.ts';
export {
  AnswerLog,
  type AnswerEnding,
  type AnswerRef,
  type AnswerSnapshot,
  type Append,
  type AppendResult,
} from './answer-log/answer-log.ts';
export { endAskedBy, fenceFor, type FenceState } from './answer-log/fence-state.ts';
export { AnswerHeartbeat } from './answer-log/heartbeat.ts';
export { AnswerQueue, answerRetryMs } from './jobs/answer-queue.ts';
export { Backlog } from './jobs/backlog.ts';
export { HistoryQueue, historyRetryMs } from './jobs/history-queue.ts';
export { JobConsumer, type JobConsumerOptions } from './jobs/job-consumer.ts';
export { ChannelSubscriber, type ChannelListener } from './frames/channel-subscriber.ts';
export { FramePublisher } from './frames/frame-publisher.ts';
export { readFrame } from './frames/read-frame.ts';
export { HistoryClient, type HistoryClientOptions } from './history/history-client.ts';
export { errorHandler, notFound, type ErrorHandlerOptions } from './http/error-handler.ts';
export { ListenError, listen, type HttpServer, type ListenOptions } from './http/http-server.ts';
export { probes, type Readiness } from './http/probes.ts';
export { requestLog } from './http/request-log.ts';
export { Metrics } from './metrics/metrics.ts';
export { ReleaseStack } from './lifecycle/release-stack.ts';
export { withDeadline } from './lifecycle/with-deadline.ts';
export { runService, type RunningService, type ServiceDefinition } from './lifecycle/run-service.ts';
