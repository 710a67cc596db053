import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { Cluster, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';

test('a history that is asked to stop answers the call under way first', async () => {
  await using cluster = await Cluster.start({ gateways: 0, workers: 0 });
  const [history] = cluster.histories;
  if (!history) throw new Error('The cluster has no history');
  const content = 'Before you go';
  const body = JSON.stringify({ clientMessageId: randomUUID(), content });
  const call = request(`${history.url}/conversations/${randomUUID()}/turns`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${cluster.internalToken}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      // Answered by history: so it is known there that the call has begun.
      expect: '100-continue',
    },
  });
  call.flushHeaders();
  await once(call, 'continue');

  const stopped = history.terminate();
  await waitFor(() => history.logs.some(line => line.includes('"stopping"')), { what: 'the SIGTERM' });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(await json(response)).toMatchObject({ created: true, message: { content } });
  expect(await stopped).toBe(0);
});
