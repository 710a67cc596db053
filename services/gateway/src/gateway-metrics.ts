import type { Metrics, ReleaseStack } from '@parley/platform';
import type { Server } from 'socket.io';
import type { Application } from './application.ts';
import type { QueuePositions } from './dialects/native/queue-positions.ts';
import type { AdminDesk } from './dialects/support/admin-desk.ts';
import type { UnreadReplies } from './http/unread-replies.ts';
import { SlowReaders } from './sockets/slow-readers.ts';

export interface MetricsSources extends Application {
  readonly positions: QueuePositions;
  readonly desk: AdminDesk;
  readonly replies: UnreadReplies;
  readonly proxyHops: number;
}

/** What an operator sees of one gateway; each of these must return to its baseline after load. */
export function gatewayMetrics(
  metrics: Metrics,
  io: Server,
  sources: MetricsSources,
  releases: ReleaseStack,
): void {
  const { hub, waits, depth, answers, positions, desk, subscriber } = sources;
  metrics.gauge('parley_gateway_connections', 'Open client connections', () => io.engine.clientsCount);
  metrics.gauge('parley_gateway_conversations', 'Conversations followed for a client', () => hub.size);
  metrics.gauge('parley_gateway_channels', 'Redis channels subscribed', () => subscriber.channels);
  metrics.gauge('parley_gateway_waiting_requests', 'REST requests that wait for an answer', () => waits.size);
  metrics.gauge(
    'parley_gateway_watched_queue_places',
    'Conversations with an answer whose place in the queue is told',
    () => positions.size,
  );
  metrics.gauge(
    'parley_gateway_admins_behind',
    '1 while admins have not been told yet what was said while nothing was heard',
    () => Number(desk.isBehind),
  );
  metrics.gauge('parley_answers_waiting', 'Answers that nobody works on yet', () => depth.waiting);
  metrics.gauge(
    'parley_answers_longest_wait_seconds',
    'Age of the answer that is taken next',
    async () => (await answers.longestWaitMs()) / 1_000,
  );
  const cut = metrics.counter(
    'parley_gateway_slow_readers_cut_total',
    'Clients cut off because they did not read',
  );
  const slowReaders = new SlowReaders(io, sources.replies, sources.proxyHops, cut, sources.log);
  releases.push('slow readers', () => slowReaders.stop());
  metrics.gauge(
    'parley_gateway_unread_bytes',
    'What waits in memory for clients to read it',
    () => slowReaders.unreadBytes,
  );
}
