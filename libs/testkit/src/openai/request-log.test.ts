import { expect, test } from 'vitest';
import type { ProviderRequest } from './provider-request.ts';
import { parseProviderRequest } from './provider-request.ts';
import { RequestLog } from './request-log.ts';

const request = (id: string): ProviderRequest => {
  const body = JSON.stringify({ messages: [{ role: 'user', content: `prompt of ${id}` }] });
  const parsed = parseProviderRequest(body, { id, api: 'chat', at: 0, key: undefined });
  if (!parsed) throw new Error('not parsed');
  return parsed;
};

test('a condition that holds already resolves at once, one that comes true later then', async () => {
  const log = new RequestLog(10);
  await log.waitFor(requests => requests.length === 0, 1_000);
  const answered = log.waitFor(requests => requests[0]?.state === 'answered', 1_000);
  const first = request('req_1');
  log.add(first);
  log.update(first, { state: 'answered' });
  await answered;
});

test('at the deadline it says what it saw', async () => {
  const log = new RequestLog(10);
  log.add(request('req_1'));
  await expect(log.waitFor(() => false, 5)).rejects.toThrow(
    /did not hold within 5 ms; it saw 1\.\n {2}req_1 chat open "prompt of req_1"/,
  );
});

test('an error of the condition is the error of the wait', async () => {
  const log = new RequestLog(10);
  const waiting = log.waitFor(requests => {
    if (requests.length > 0) throw new Error('unexpected request');
    return false;
  }, 1_000);
  log.add(request('req_1'));
  await expect(waiting).rejects.toThrow('unexpected request');
});

test('closing ends the waits', async () => {
  const log = new RequestLog(10);
  const waiting = log.waitFor(() => false, 60_000);
  log.close();
  await expect(waiting).rejects.toThrow('before the provider was stopped');
});

test('it keeps only the newest requests', () => {
  const log = new RequestLog(2);
  for (const id of ['a', 'b', 'c']) log.add(request(id));
  expect(log.requests.map(({ id }) => id)).toEqual(['b', 'c']);
});
