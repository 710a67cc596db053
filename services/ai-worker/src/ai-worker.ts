import {
  AnswerHeartbeat,
  AnswerLog,
  ChannelSubscriber,
  HistoryClient,
  HistoryQueue,
  Metrics,
  TokenBudget,
  closeRedis,
  connectRedis,
  listen,
  probes,
  scoped,
  type Log,
  type ReleaseStack,
  type RunningService,
} from '@parley/platform';
import express from 'express';
import type { Redis } from 'ioredis';
import { AnswerMetrics } from './answer/answer-metrics.ts';
import { AppendBatches } from './answer/append-batches.ts';
import type { AnswerPorts, AnswerSettings } from './answer/answer-ports.ts';
import { systemClock } from './answer/clock.ts';
import { Pace } from './answer/pace.ts';
import { ProduceAnswer } from './answer/produce-answer.ts';
import { BudgetedProvider } from './budget/budgeted-provider.ts';
import type { WorkerConfig, WorkerSettings } from './config.ts';
import { answerConsumer } from './jobs/answer-consumer.ts';
import { FenceHints } from './jobs/fence-hints.ts';
import { buildProvider } from './providers/build-provider.ts';
import type { Provider } from './providers/provider.ts';

/** UTF-16 code units; far above what a model says in one go. */
const MAX_ANSWER_CHARS = 200_000;
/** Of the grace period, what is left for handing over jobs and closing connections. */
const HANDOVER_MS = 4_000;
const PROBES_DEADLINE_MS = 1_000;

/** Builds the worker and starts it. */
export async function startAiWorker(
  config: WorkerConfig,
  log: Log,
  releases: ReleaseStack,
): Promise<RunningService> {
  const { settings, secrets } = config;
  const redis = open(secrets.redisUrl, 'jobs', log, releases);
  const subscriber = open(secrets.redisUrl, 'subscriber', log, releases);
  const historyQueue = new HistoryQueue(redis);
  releases.push('history queue', () => historyQueue.close());
  const metrics = new Metrics('ai-worker');
  const answerMetrics = new AnswerMetrics(metrics);
  const provider = withinBudget(
    buildProvider({ config, redis, metrics: answerMetrics, log, releases }),
    config,
    redis,
  );
  const hints = new FenceHints();
  hints.follow(new ChannelSubscriber(subscriber));
  const answerLog = new AnswerLog(redis);
  const history = new HistoryClient({ url: settings.HISTORY_URL, token: secrets.internalToken });
  releases.push('history', () => history[Symbol.dispose]());
  const pace = startPace(metrics, releases);
  const ports: AnswerPorts = {
    history,
    answerLog,
    append: new AppendBatches(pieces => answerLog.appendAll(pieces)).append,
    historyQueue,
    provider,
    startHeartbeat: heartbeats(redis, log),
    onFenceHint: hints.listen,
    clock: systemClock,
    atOnce: () => pace.atOnce,
    metrics: answerMetrics,
    log,
  };
  const useCase = new ProduceAnswer(ports, answerSettings(settings));
  const consumer = answerConsumer({
    redis,
    concurrency: settings.WORKER_CONCURRENCY,
    produce: (order, signal) => useCase.produce(order, signal),
    log,
  });
  const notReadyBecause = (): string[] => [
    ...(redis.status === 'ready' && subscriber.status === 'ready' ? [] : ['redis']),
    ...(consumer.isRunning ? [] : ['worker']),
  ];
  const app = express().disable('x-powered-by').use(probes({ notReadyBecause }, metrics));
  const http = await listen(app, { port: settings.PORT, host: settings.HOST });
  releases.push('probes', () => http.stop(PROBES_DEADLINE_MS));
  consumer.start();
  return {
    port: http.port,
    drain: () => consumer.drain(Math.max(settings.SHUTDOWN_GRACE_MS - HANDOVER_MS, 0)),
  };
}

/** Demo answers cost nothing. */
function withinBudget(provider: Provider, { settings, secrets }: WorkerConfig, redis: Redis): Provider {
  const isFree = settings.DAILY_TOKEN_BUDGET === 0 || secrets.providerKeys.length === 0;
  return isFree
    ? provider
    : new BudgetedProvider(provider, new TokenBudget(redis, settings.DAILY_TOKEN_BUDGET));
}

function open(url: string, role: 'jobs' | 'subscriber', log: Log, releases: ReleaseStack): Redis {
  const redis = connectRedis(url, role, log);
  releases.push(`redis ${role}`, () => closeRedis(redis));
  return redis;
}

function startPace(metrics: Metrics, releases: ReleaseStack): Pace {
  const pace = new Pace().start();
  releases.push('pace', () => pace[Symbol.dispose]());
  metrics.gauge(
    'parley_pieces_at_once',
    'Pieces that wait for each other; more than 1 if busy',
    () => pace.atOnce,
  );
  return pace;
}

function heartbeats(redis: Redis, log: Log): AnswerPorts['startHeartbeat'] {
  const line = scoped(log, { component: 'AnswerHeartbeat', function: 'beat' });
  return answer =>
    AnswerHeartbeat.start(redis, answer, error => line.warn({ ...answer, err: error }, 'no beat'));
}

function answerSettings(settings: WorkerSettings): AnswerSettings {
  return {
    systemPrompt: settings.SYSTEM_PROMPT,
    context: { maxMessages: settings.CONTEXT_MAX_MESSAGES, maxTokens: settings.CONTEXT_MAX_TOKENS },
    limits: {
      firstTextMs: settings.FIRST_TOKEN_TIMEOUT_MS,
      idleMs: settings.IDLE_TIMEOUT_MS,
      totalMs: settings.ANSWER_TIMEOUT_MS,
      maxChars: MAX_ANSWER_CHARS,
    },
  };
}
