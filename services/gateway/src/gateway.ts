import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import {
  Metrics,
  listen,
  type HttpServer,
  type Log,
  type ReleaseStack,
  type RunningService,
} from '@parley/platform';
import type { Server } from 'socket.io';
import packageJson from '../package.json' with { type: 'json' };
import { createApplication, type Application } from './application.ts';
import type { GatewayConfig, GatewaySecrets } from './config.ts';
import { QueuePositions } from './dialects/native/queue-positions.ts';
import { serveDialects } from './dialects/serve-dialects.ts';
import { AdminDesk } from './dialects/support/admin-desk.ts';
import { DeafnessProbe } from './feed/deafness-probe.ts';
import { feedMetrics } from './feed/feed-metrics.ts';
import { HistoryHealth } from './http/history-health.ts';
import { httpServer } from './http/http-server.ts';
import { Origins } from './http/origins.ts';
import { RequestCaller } from './http/request-caller.ts';
import { restApi } from './http/rest-api.ts';
import { UnreadReplies } from './http/unread-replies.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { Presence } from './presence/presence.ts';
import { openRedisConnections, type RedisConnections } from './redis-connections.ts';
import { ConnectionLimit } from './sockets/connection-limit.ts';
import { drainSockets } from './sockets/drain-sockets.ts';
import { EventLimit } from './sockets/event-limit.ts';
import { PacketGuard } from './sockets/packet-guard.ts';
import { SharedNotices } from './sockets/shared-notices.ts';
import { socketServer } from './sockets/socket-server.ts';

/** Whoever waits for an answer longer than that is asked to wait elsewhere. */
const REQUESTS_SHARE_OF_GRACE = 0.5;
/** Of the grace period, what is left for closing connections. */
const RELEASE_MS = 1_000;

/** Builds a gateway and starts it. What is opened is pushed on `releases` right away. */
export async function startGateway(
  config: GatewayConfig,
  secrets: GatewaySecrets,
  log: Log,
  releases: ReleaseStack,
): Promise<RunningService> {
  const instance = randomUUID();
  const redis = await openRedisConnections(secrets.redisUrl, log, releases);
  const metrics = new Metrics('gateway');
  const application = createApplication(config, secrets, redis, metrics, log, releases);
  const historyHealth = new HistoryHealth(application.history);
  releases.push('history health', () => historyHealth.stop());

  const probe = await startProbe(instance, application, redis, releases);
  feedMetrics(metrics, application.hub, probe);
  let draining = false;
  const notReadyBecause = (): string[] => [
    ...(draining ? ['draining'] : []),
    ...(application.isRedisUp() ? [] : ['redis is away']),
    ...(probe.isDeaf ? ['the subscriber is deaf'] : []),
  ];
  const origins = new Origins(config.FRONTEND_URL);
  const app = restApi({
    ...application,
    ...{ config, origins, historyHealth, metrics, redis: redis.commands },
    callers: new RequestCaller(application.identify, config.TRUST_PROXY),
    about: { version: packageJson.version, instance },
    readiness: { notReadyBecause },
  });

  const http = httpServer(app);
  const connections = new ConnectionLimit(config.MAX_CONNECTIONS_PER_ADDRESS, config.TRUST_PROXY);
  const io = socketServer({
    ...{ http, origins, maxMessageChars: config.MAX_MESSAGE_CHARS, redis, log },
    admits: request => !draining && connections.allows(request),
  });
  connections.watch(io);
  new PacketGuard(config.SOCKET_RATE_LIMIT_PER_MINUTE, application.now).watch(io);
  const sources = {
    ...application,
    ...serveSockets(io, instance, application, config, redis, releases),
    replies: new UnreadReplies(http),
    proxyHops: config.TRUST_PROXY,
  };
  gatewayMetrics(metrics, io, sources, releases);
  const server = await listen(http, { port: config.PORT, host: config.HOST });
  return {
    port: server.port,
    drain: () => {
      draining = true;
      return drain(io, server, application, config);
    },
  };
}

/** Sockets move away at once; a request gets half of the grace period to end by itself. */
async function drain(
  io: Server,
  server: HttpServer,
  { waits, now }: Application,
  { DRAIN_SPREAD_MS, SHUTDOWN_GRACE_MS }: GatewayConfig,
): Promise<void> {
  const deadline = now() + SHUTDOWN_GRACE_MS - RELEASE_MS;
  const endWaits = setTimeout(() => waits.end(), SHUTDOWN_GRACE_MS * REQUESTS_SHARE_OF_GRACE);
  try {
    await drainSockets(io, Math.min(DRAIN_SPREAD_MS, SHUTDOWN_GRACE_MS * REQUESTS_SHARE_OF_GRACE));
    await server.stop(Math.max(deadline - now(), 0));
  } finally {
    clearTimeout(endWaits);
  }
}

async function startProbe(
  instance: string,
  { subscriber, log }: Application,
  redis: RedisConnections,
  releases: ReleaseStack,
): Promise<DeafnessProbe> {
  const probe = new DeafnessProbe({
    ...{ subscriber, log, publisher: redis.commands, subscription: redis.feed },
    gatewayId: instance,
  });
  releases.push('deafness probe', () => probe.stop());
  await probe.start();
  return probe;
}

function serveSockets(
  io: Server,
  instance: string,
  application: Application,
  config: GatewayConfig,
  redis: RedisConnections,
  releases: ReleaseStack,
): { positions: QueuePositions; desk: AdminDesk } {
  const { now, log, subscriber, history, answers } = application;
  const notices = new SharedNotices(io, now);
  releases.push('notices', () => notices.stop());
  const presence = new Presence(redis.commands, instance, log, () => {
    desk.listChanged();
    notices.presenceChanged();
  });
  presence.start();
  releases.push('presence', () => presence.stop());
  const desk = new AdminDesk({ io: io.of('/'), subscriber, history, presence, log, now });
  releases.push('admin desk', () => desk.stop());
  notices.onPresenceChanged(() => desk.listChanged());
  const positions = new QueuePositions(io.of(NATIVE_NAMESPACE), answers, log);
  releases.push('queue positions', () => positions.stop());
  const limit = new EventLimit(config.SOCKET_RATE_LIMIT_PER_MINUTE);
  const { DOUBLE_TEXT: doubleText, TRUST_PROXY: proxyHops } = config;
  serveDialects(io, { ...application, presence, desk, positions, limit, doubleText, proxyHops });
  return { positions, desk };
}
