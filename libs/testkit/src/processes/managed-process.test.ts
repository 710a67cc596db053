import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { waitFor } from '../servers/wait-for.ts';
import { ManagedProcess } from './managed-process.ts';

const node = (name: string, code: string): ManagedProcess =>
  new ManagedProcess({ name, command: process.execPath, args: ['--eval', code] });

const stay = 'setInterval(() => undefined, 1000);';

test('gives the first line that something can be made of, also of one that was said before', async () => {
  const child = node('talker', `console.log('no'); console.error('port=7'); ${stay}`);
  const port = (line: string): string | undefined => /^port=(\d+)/.exec(line)?.[1];
  expect(await child.firstLine(port, 5_000)).toBe('7');
  expect(await child.firstLine(port, 5_000)).toBe('7');
  expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('shows the last lines when it ends before the line came', async () => {
  const child = node('doomed', `console.log('the reason'); process.exitCode = 3;`);
  await expect(child.firstLine(() => undefined, 5_000)).rejects.toThrow(
    /^doomed ended with code 3; its last lines:\n {4}the reason$/,
  );
});

test('shows the last lines when the deadline passes', async () => {
  const child = node('dawdler', `console.log('thinking'); ${stay}`);
  await waitFor(() => child.lines.length > 0, { what: 'a line' });
  await expect(child.firstLine(() => undefined, 20)).rejects.toThrow(
    /^dawdler was not ready after 20 ms; its last lines:\n {4}thinking$/,
  );
  await child.kill();
});

test('ends at SIGTERM with the exit code, even while it is paused', async () => {
  const child = node('polite', `process.on('SIGTERM', () => process.exit(4)); console.log('up'); ${stay}`);
  await child.firstLine(line => line, 5_000);
  child.signal('SIGSTOP');
  expect(await child.terminate(5_000)).toEqual({ code: 4, signal: null });
});

test('is killed when it ignores SIGTERM', async () => {
  const child = node('stubborn', `process.on('SIGTERM', () => undefined); console.log('up'); ${stay}`);
  await child.firstLine(line => line, 5_000);
  expect(await child.terminate(50)).toBeUndefined();
  expect(child.exit).toEqual({ code: null, signal: 'SIGKILL' });
});

test('ends with its parent, even when that is killed', async () => {
  const modulePath = new URL('managed-process.ts', import.meta.url).href;
  const child = `require('node:http').createServer((_, r) => r.end()).listen(0, '127.0.0.1', function () {
    console.log(this.address().port);
  });`;
  const program = `
    const { ManagedProcess } = await import(${JSON.stringify(modulePath)});
    new ManagedProcess({
      name: 'child', command: process.execPath, args: ['--eval', ${JSON.stringify(child)}],
      onLine: line => console.log(line),
    });`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(parent.stdout, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${port.toString().trim()}`;
  expect((await fetch(url)).status).toBe(200);
  parent.kill('SIGKILL');
  const isGone = () =>
    fetch(url).then(
      () => false,
      () => true,
    );
  await waitFor(isGone, { what: 'the child to end' });
});
