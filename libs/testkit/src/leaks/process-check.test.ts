import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { setInterval as intervalOfModule } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ManagedProcess } from '../processes/managed-process.ts';
import { ProcessCheck } from './process-check.ts';
import { TimerLedger } from './timer-ledger.ts';

function startCheck(): Promise<ProcessCheck> {
  const ledger = new TimerLedger();
  onTestFinished(() => ledger[Symbol.dispose]());
  return ProcessCheck.start(ledger);
}

async function listening<S extends Server>(server: S): Promise<{ server: S; port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** A web server in a process of its own, that answers `/n` with n characters. */
async function startWebServer(): Promise<{ readonly port: number } & AsyncDisposable> {
  const source = `
    const server = http.createServer((request, response) => response.end('x'.repeat(+request.url.slice(1))));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const options = { name: 'web server', command: process.execPath, args: ['-e', source] };
  const child = new ManagedProcess(options);
  return {
    port: await child.firstLine(Number, 10_000),
    [Symbol.asyncDispose]: async () => {
      await child.kill();
    },
  };
}

const complaint = (check: ProcessCheck): Promise<string> =>
  check.expectNone({ deadlineMs: 50 }).then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  );

test('a timer that is left is named with the place that set it', async () => {
  const check = await startCheck();
  const timer = setInterval(() => undefined, 60_000);
  expect(await complaint(check)).toMatch(
    /left in this process: a timer set at .*process-check\.test\.ts:\d+/,
  );
  clearInterval(timer);
  await check.expectNone();
});

test.each([
  ['setTimeout', () => setTimeout(() => undefined, 60_000)],
  ['setInterval of node:timers', () => intervalOfModule(() => undefined, 60_000)],
])('a forgotten %s is caught', async (_, set) => {
  const check = await startCheck();
  const timer = set();
  expect(await complaint(check)).toContain('a timer set at');
  clearTimeout(timer);
  await check.expectNone();
});

test('a pause that nobody ends is caught', async () => {
  const check = await startCheck();
  const over = new AbortController();
  const pausing = pause(60_000, undefined, { signal: over.signal });
  expect(await complaint(check)).toContain('a timer set at');
  over.abort();
  await expect(pausing).rejects.toThrow('aborted');
  await check.expectNone();
});

test('timers that have fired, were there before, or let the process end are none', async () => {
  const before = setInterval(() => undefined, 60_000);
  const check = await startCheck();
  await new Promise<void>(fired => {
    setTimeout(fired, 1);
  });
  await pause(1);
  setTimeout(() => undefined, 60_000).unref();
  void pause(60_000, undefined, { ref: false });
  expect(check.leftovers()).toEqual([]);
  clearInterval(before);
});

test('a server and a connection that are left are named with their addresses', async () => {
  await using other = await startWebServer();
  const check = await startCheck();
  const { server, port } = await listening(createServer());
  expect(await complaint(check)).toMatch(new RegExp(`1 TCPServerWrap .*tcp 127\\.0\\.0\\.1:${port}`));
  server.close();
  const socket = connect(other.port, '127.0.0.1');
  await once(socket, 'connect');
  expect(await complaint(check)).toContain(`1 connected to 127.0.0.1:${other.port}`);
  socket.destroy();
  await check.expectNone();
});

test('a connection that was on its way before, or takes the place of another, is none', async () => {
  await using other = await startWebServer();
  const early = connect(other.port, '127.0.0.1');
  const check = await startCheck();
  await check.expectNone();
  const later = await startCheck();
  early.destroy();
  const again = connect(other.port, '127.0.0.1');
  await once(again, 'connect');
  await later.expectNone();
  const more = connect(other.port, '127.0.0.1');
  await once(more, 'connect');
  for (const each of [check, later])
    expect(await complaint(each)).toContain(`connected to 127.0.0.1:${other.port}`);
  again.destroy();
  more.destroy();
  await check.expectNone();
});

test('a connection that a server has accepted is left only if the server is gone', async () => {
  const { server, port } = await listening(createServer());
  const check = await startCheck();
  const accepted = once(server, 'connection');
  const client = connect(port, '127.0.0.1').unref();
  await Promise.all([once(client, 'connect'), accepted]);
  await check.expectNone();
  server.close();
  expect(await complaint(check)).toMatch(new RegExp(`1 connected to .*tcp 127\\.0\\.0\\.1:${port} -> `));
  client.destroy();
  await check.expectNone();
});

test('a child that is left is named', async () => {
  const check = await startCheck();
  const child = spawn('sleep', ['60']);
  expect(await complaint(check)).toMatch(new RegExp(`1 ProcessWrap.*process ${child.pid}`));
  child.kill();
  await check.expectNone();
});

test('an idle connection of fetch is not counted, one with an unread answer is', async () => {
  await using other = await startWebServer();
  const check = await startCheck();
  await (await fetch(`http://127.0.0.1:${other.port}/1`)).text();
  await check.expectNone();
  const unread = await fetch(`http://127.0.0.1:${other.port}/1000000`);
  expect(await complaint(check)).toContain(`1 connected to 127.0.0.1:${other.port} `);
  await unread.body?.cancel();
  await check.expectNone();
});
