import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { waitFor } from '../servers/wait-for.ts';
import { ServiceProcess } from './service-process.ts';

const main = fileURLToPath(new URL('../../test/stand-in-service.ts', import.meta.url));
const start = (env: Record<string, string> = {}, onUnexpectedEnd?: (failure: Error) => void) =>
  ServiceProcess.start({
    name: 'stand-in',
    main,
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    ...(onUnexpectedEnd && { onUnexpectedEnd }),
  });
const answerOf = async (service: ServiceProcess): Promise<string> => (await fetch(service.url)).text();

test('is ready on the port it tells, and stops at SIGTERM', async () => {
  const service = await start();
  expect(await answerOf(service)).toBe('here');
  expect(await service.terminate()).toBe(0);
  expect(service.running).toBe(false);
});

test('shows what it said when it cannot start', async () => {
  await expect(start({ FAIL: 'no database' })).rejects.toThrow(
    'stand-in ended with code 2; its last lines:\n    no database',
  );
});

test('takes the same port again after SIGKILL', async () => {
  const service = await start();
  const { port, pid } = service;
  await service.kill();
  await expect(answerOf(service)).rejects.toThrow();
  await service.restart();
  expect(service.port).toBe(port);
  expect(service.pid).not.toBe(pid);
  expect(await answerOf(service)).toBe('here');
  await service.kill();
});

test('answers nothing while it is paused', async () => {
  const service = await start();
  service.pause();
  const answer = answerOf(service);
  await expect(fetch(service.url, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
  service.resume();
  expect(await answer).toBe('here');
  await service.kill();
});

test('reports an end that nobody asked for, with the last lines', async () => {
  const onUnexpectedEnd = vi.fn<(failure: Error) => void>();
  const service = await start({ CRASH_ON: '/crash' }, onUnexpectedEnd);
  await expect(fetch(`${service.url}/crash`)).rejects.toThrow();
  await waitFor(() => onUnexpectedEnd.mock.calls.length > 0, { what: 'the report' });
  expect(onUnexpectedEnd.mock.calls[0]?.[0].message).toMatch(
    /^stand-in ended unexpectedly with code 1; its last lines:\n[^]*the stand-in crashes/,
  );
});

test('reports no end that was asked for', async () => {
  const onUnexpectedEnd = vi.fn();
  const service = await start({}, onUnexpectedEnd);
  await service.kill();
  await service.restart();
  await service.terminate();
  expect(onUnexpectedEnd).not.toHaveBeenCalled();
});

test('says so when it had to be killed', async () => {
  const service = await start({ STUBBORN: '1' });
  await expect(service.terminate(50)).rejects.toThrow('stand-in was still running 50 ms after SIGTERM');
  expect(service.running).toBe(false);
});
