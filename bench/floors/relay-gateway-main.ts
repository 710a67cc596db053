import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { serveRole } from '../load/serve-role.ts';
import { END, ORDERS_CHANNEL, type RelayOrder } from './relay-orders.ts';

const calls = { start };
export type RelayGatewayCalls = typeof calls;
serveRole(calls);

/** @returns where clients connect. */
async function start({ redisUrl }: { redisUrl: string }): Promise<string> {
  const publisher = new Redis(redisUrl);
  const subscriber = new Redis(redisUrl);
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  subscriber.on('message', (channel, text) => {
    const to = io.local.to(channel);
    if (text === END) to.emit('end');
    else to.emit('delta', text);
  });
  io.on('connection', socket => {
    socket.on('ask', async (prompt: string) => {
      const channel = `relay:${socket.id}`;
      void socket.join(channel);
      await subscriber.subscribe(channel);
      await publisher.publish(ORDERS_CHANNEL, JSON.stringify({ channel, prompt } satisfies RelayOrder));
      socket.once('disconnect', () => void subscriber.unsubscribe(channel));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
