import { conversationIdSchema } from '@parley/contracts';
import type { Log } from '@parley/platform';
import { RedisAdapter } from '@socket.io/redis-adapter';
import { z } from 'zod';
import { HEARD } from './heard-everywhere.ts';
import { PRESENCE_CHANGED } from './shared-notices.ts';

/** The adapter's number for "call the listeners of the other servers". */
const SERVER_SIDE_EMIT = 6;
const noticeSchema = z.looseObject({
  type: z.literal(SERVER_SIDE_EMIT),
  data: z.union([z.tuple([z.literal(PRESENCE_CHANGED)]), z.tuple([z.literal(HEARD), conversationIdSchema])]),
});

type Arguments = ConstructorParameters<typeof RedisAdapter>;
/** How the adapter hears other servers; its types hide it. */
interface Hearing {
  readonly requestChannel: string;
  onmessage(pattern: Buffer, channel: Buffer, message: Buffer): void;
  onrequest(channel: Buffer, message: Buffer): Promise<void>;
}
const Hearer = RedisAdapter as unknown as new (...args: Arguments) => Hearing;

/**
 * A Redis adapter for what gateways tell each other, and nothing else. The original does whatever its channels say, down to
 * moving clients between rooms and disconnecting them, and throws what it cannot read out of the Redis client, where nobody
 * catches it.
 */
class Notices extends Hearer {
  readonly #log: Log;

  constructor(log: Log, ...args: Arguments) {
    super(...args);
    this.#log = log;
  }

  override onmessage(): void {
    // What clients are told comes from their own gateway alone.
  }

  override async onrequest(channel: Buffer, message: Buffer): Promise<void> {
    try {
      const isRequest = channel.toString() === this.requestChannel;
      if (isRequest) noticeSchema.parse(JSON.parse(message.toString()));
      await super.onrequest(channel, message);
    } catch {
      // Not what it was: that may be anything, and nobody's to read.
      this.#log.warn({}, 'what another gateway seems to have said makes no sense');
    }
  }
}

/** Socket.IO's types want to see the original. */
export const NoticesAdapter = Notices as unknown as new (log: Log, ...args: Arguments) => RedisAdapter;
