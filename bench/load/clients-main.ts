import { median } from '../measure/percentiles.ts';
import { toPrompt } from './answer-order.ts';
import { connectAll, type Client } from './connect.ts';
import { dialects, type DialectName } from './dialects.ts';
import { serveRole } from './serve-role.ts';
import { askAll, type Ask, type StreamLoad, type StreamLoadResult } from './stream-load.ts';

export interface ClientLoad extends StreamLoad {
  readonly dialect: DialectName;
}

const calls = { run };
export type ClientCalls = typeof calls;
serveRole(calls);

/** Each answer has a client of its own. */
async function run({ url, dialect, streams, order }: ClientLoad): Promise<StreamLoadResult> {
  const { namespace, ask } = dialects[dialect];
  const clients = await connectAll(`${url}${namespace}`, streams);
  const bytes: number[] = [];
  const asks = clients.map(({ socket, wire }: Client): Ask => {
    return async (ordered, take) => {
      const before = wire.bytesRead;
      await ask(socket, toPrompt(ordered), take);
      bytes.push(wire.bytesRead - before);
    };
  });
  try {
    return { ages: await askAll(asks, order), bytesPerAnswer: median(bytes) };
  } finally {
    // Nobody minds its going any more.
    for (const { socket } of clients) socket.removeAllListeners().disconnect();
  }
}
