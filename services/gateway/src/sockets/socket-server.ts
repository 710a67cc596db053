import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { redisNames } from '@parley/contracts';
import { scoped, type Log } from '@parley/platform';
import helmet from 'helmet';
import type { Redis } from 'ioredis';
import { Server, type Namespace } from 'socket.io';
import type { Origins } from '../http/origins.ts';
import type { RedisConnections } from '../redis-connections.ts';
import { NoticesAdapter } from './notices-adapter.ts';
import { inSingleWrites } from './single-write.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Room for a message's longest encoding (6 bytes: `\uXXXX`) and what is around it. */
const BYTES_PER_CHAR = 6;
const ENVELOPE_BYTES = 16_384;

export interface SocketServerOptions {
  readonly http: HttpServer;
  readonly origins: Origins;
  readonly maxMessageChars: number;
  /** Asked for every new connection, before the upgrade. */
  readonly admits: (request: IncomingMessage) => boolean | Promise<boolean>;
  readonly redis: Pick<RedisConnections, 'adapterPublisher' | 'adapterSubscriber'>;
  readonly log: Log;
}

interface ConnectionError {
  readonly req: IncomingMessage;
  readonly code: number;
  readonly message: string;
}

/**
 * The Socket.IO server. Its Redis adapter carries what gateways tell each other, and nothing for clients: every gateway would
 * receive every token.
 */
export function socketServer(options: SocketServerOptions): Server {
  const { http, origins, maxMessageChars, redis, admits, log } = options;
  const mayCome = async (request: IncomingMessage): Promise<boolean> =>
    origins.allowsRequest(request) && admits(request);
  const io = new Server(http, {
    serveClient: false,
    allowEIO3: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxHttpBufferSize: maxMessageChars * BYTES_PER_CHAR + ENVELOPE_BYTES,
    cors: { origin: (origin, allow) => allow(null, !origin || origins.allows(origin)), credentials: true },
    allowRequest: (request, allow) => {
      void mayCome(request).then(may => allow(null, may));
    },
  });
  // Express's middleware does not run for what Engine.IO answers.
  io.engine.use(helmet());
  logRefusals(io, log);
  const hearing = scoped(log, { component: 'sockets', function: 'hear' });
  const publisher = dropping(redis.adapterPublisher);
  const named = { key: redisNames.socketAdapter };
  // Socket.IO calls it with `new`, which an arrow function does not permit.
  io.adapter(function (namespace: Namespace) {
    return inSingleWrites(new NoticesAdapter(hearing, namespace, publisher, redis.adapterSubscriber, named));
  });
  return io;
}

function logRefusals(io: Server, log: Log): void {
  const line = scoped(log, { component: 'sockets', function: 'connectionError' });
  io.engine.on('connection_error', ({ req, code, message }: ConnectionError) => {
    line.info({ code, reason: message, origin: req.headers.origin?.slice(0, 200) }, 'connection refused');
  });
}

/** The adapter does not look at what publishing returns; while Redis is away that would be an unhandled rejection. */
function dropping(redis: Redis): Redis {
  const publish = redis.publish.bind(redis);
  redis.publish = async (channel: string | Buffer, message: string | Buffer) =>
    publish(channel, message).catch(() => 0);
  return redis;
}
