import { Metrics, listen, type Log, type ReleaseStack, type RunningService } from '@parley/platform';
import type { HistoryConfig } from './config.ts';
import { StoreHealth } from './health/store-health.ts';
import { backlogMetrics, historyMetrics } from './history-metrics.ts';
import { historyApp } from './http/history-app.ts';
import { historyConsumer } from './jobs/history-consumer.ts';
import { openRedis } from './open-redis.ts';
import type { ConversationStore } from './store/conversation-store.ts';
import { openStore } from './store/open-store.ts';
import { Sweeper } from './sweeper/sweeper.ts';
import { buildUseCases } from './build-use-cases.ts';

/** Running requests get this much of the grace period; the rest is for what follows them. */
const HTTP_SHARE_OF_GRACE = 0.5;
/** Jobs under way get this much of it; what is not ended by then, another process takes over. */
const JOBS_DRAIN_MS = 4_000;

const clock = (): Date => new Date();

/** Builds history from its configuration and starts it. */
export async function startHistory(
  config: HistoryConfig,
  log: Log,
  releases: ReleaseStack,
): Promise<RunningService> {
  const metrics = new Metrics('history');
  const counts = historyMetrics(metrics);
  const store = openStore({ url: config.DATABASE_URL, clock, onFailure: () => counts.storeFailed() });
  releases.push('store', () => store.close());
  await store.start();
  const redis = await openRedis(config.REDIS_URL, log, releases);
  backlogMetrics(metrics, redis.backlog);
  const health = watch(store, releases);
  const useCases = buildUseCases({ store, redis, metrics: counts, maxRuns: config.ANSWER_RUNS, log });

  const consumer = historyConsumer(redis.jobs, useCases.finishAnswer, log);
  releases.push('history consumer', () => consumer.drain(JOBS_DRAIN_MS));
  const sweeper = new Sweeper(
    {
      store,
      answers: redis.answers,
      isAbandoned: redis.isAbandoned,
      completeTurn: useCases.completeTurn,
      isRedisReady: redis.isReady,
      clock,
      metrics: counts,
      log,
    },
    { intervalMs: config.SWEEP_INTERVAL_MS, afterMs: config.SWEEP_AFTER_MS },
  );
  releases.push('sweeper', () => sweeper.stop());

  const notReadyBecause = (): string[] => [
    ...(health.isOk ? [] : ['the database does not answer']),
    ...(redis.isReady() ? [] : ['redis is away']),
    ...(consumer.isRunning ? [] : ['the consumer does not run']),
  ];
  const app = historyApp({
    handlers: useCases.handlers,
    readiness: { notReadyBecause },
    isStoreAway: () => !health.isOk,
    metrics,
    token: config.INTERNAL_TOKEN,
    showStack: config.NODE_ENV === 'development',
    log,
  });
  const http = await listen(app, { port: config.PORT, host: config.HOST });
  releases.push('http', () => http.stop(0));
  consumer.start();
  sweeper.start();

  return {
    port: http.port,
    drain: async () => {
      await Promise.all([
        http.stop(config.SHUTDOWN_GRACE_MS * HTTP_SHARE_OF_GRACE),
        sweeper.stop(),
        consumer.drain(JOBS_DRAIN_MS),
      ]);
      await useCases.announcements.settled();
    },
  };
}

function watch(store: ConversationStore, releases: ReleaseStack): StoreHealth {
  const health = new StoreHealth(store);
  health.start();
  releases.push('store health', () => health.stop());
  return health;
}
