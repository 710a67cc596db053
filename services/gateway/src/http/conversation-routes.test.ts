import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ParleyError } from '@parley/contracts';
import { HistoryClient } from '@parley/platform';
import express from 'express';
import { expect, test } from 'vitest';
import { AccessPolicy } from '../access/access-policy.ts';
import type { Identify } from '../access/identify.ts';
import { conversationRoutes } from './conversation-routes.ts';
import { RequestCaller } from './request-caller.ts';

async function serve(app: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(app);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: close,
  };
}

/** A history from which a conversation is deleted between two calls. */
const history = express()
  .get('/conversations', (_request, response) => {
    const at = new Date(0).toISOString();
    const conversation = { title: '', mode: 'ai', createdAt: at, updatedAt: at };
    response.json({ conversations: ['first', 'gone', 'last'].map(id => ({ id, ...conversation })) });
  })
  .get('/conversations/gone/messages', (_request, response) => {
    response.status(404).json(new ParleyError('CONVERSATION_NOT_FOUND').toBody());
  })
  .get('/conversations/:id/messages', (_request, response) => {
    response.json({ messages: [], more: false });
  });

test('a conversation that is deleted while the list is read is left out of it', async () => {
  await using upstream = await serve(history);
  using client = new HistoryClient({ url: upstream.url });
  const anybody = { byToken: () => Promise.resolve({ kind: 'visitor' }) } as unknown as Identify;
  const routes = conversationRoutes({
    callers: new RequestCaller(anybody, 0),
    policy: new AccessPolicy('open', client),
    history: client,
  });
  await using gateway = await serve(express().use('/api', routes));
  const reply = await fetch(`${gateway.url}/api/conversations`);
  expect(await reply.json()).toMatchObject([{ id: 'first' }, { id: 'last' }]);
});
