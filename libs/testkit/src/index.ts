// Makes `inject('redisUrl')` known to whoever imports this package.
import type {} from './servers/provided.ts';

export { Cluster, type ClusterOptions } from './cluster/cluster.ts';
export { readMetric } from './cluster/read-metric.ts';
export { ServiceProcess, type ServiceProcessOptions } from './cluster/service-process.ts';
export { LeakCheck, type Leftovers } from './leaks/leak-check.ts';
export {
  answer,
  failure,
  generatedPieces,
  hangUp,
  pieces,
  type AnswerOptions,
  type AnswerScript,
  type FinishReason,
  type PieceSource,
  type TokenUsage,
} from './openai/answer-script.ts';
export type { ProviderError } from './openai/provider-error.ts';
export type { ProviderRequest, RequestMessage } from './openai/provider-request.ts';
export {
  ScriptedProvider,
  type ScriptChoice,
  type ScriptedProviderOptions,
} from './openai/scripted-provider.ts';
export {
  commentAfter,
  cutAfter,
  emptyChunkAfter,
  errorAfter,
  holdAfter,
  longLineAfter,
  malformedAfter,
  rawAfter,
  resetAfter,
  roleChunkAfter,
  stallAfter,
  type StreamFault,
} from './openai/stream-fault.ts';
export { findOnPath } from './processes/find-on-path.ts';
export { freePort, isFree } from './processes/free-port.ts';
export { ManagedProcess, type ProcessExit, type ProcessOptions } from './processes/managed-process.ts';
export { ProcessFailure } from './processes/process-failure.ts';
export { OwnedMongo } from './servers/owned-mongo.ts';
export { OwnedRedis, type OwnedRedisOptions } from './servers/owned-redis.ts';
export { pingRedis } from './servers/ping-redis.ts';
export {
  findRedisProgram,
  REDIS_HINT,
  startRedisProcess,
  type RedisProcessOptions,
} from './servers/redis-process.ts';
export { TcpProxy } from './servers/tcp-proxy.ts';
export { waitFor, type WaitOptions } from './servers/wait-for.ts';
