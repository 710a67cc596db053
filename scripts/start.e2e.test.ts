import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, LeakCheck, ManagedProcess, OwnedRedis, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';

const ownNode = fileURLToPath(new URL('own-node.mjs', import.meta.url));

test('starts with nothing configured, chats, and stops at Ctrl-C', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'parley-start-'));
  await using redis = await OwnedRedis.start();
  await using check = await LeakCheck.start(redis.url);
  const port = await freePort();
  const env = { PATH: process.env.PATH, PORT: String(port), REDIS_URL: redis.url, PARLEY_DATA_DIR: dir.path };
  const run = (name: string, ...args: string[]): ManagedProcess =>
    new ManagedProcess({ name, command: process.execPath, args: [ownNode, ...args], env });

  const parley = run('npm start', 'start.ts');
  await parley.firstLine(line => line.includes(`ready at http://localhost:${port}`) || undefined, 30_000);

  const chat = run('npm run chat', 'chat.ts', 'Hello');
  expect(await chat.exited).toEqual({ code: 0, signal: null });
  expect(chat.lines.join('\n')).toMatch(/^This is a demo response\. To enable AI responses, .* variables\.$/);

  const second = run('a second npm start', 'start.ts');
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.lines.filter(line => line !== '')).toEqual([
    `Port ${port} is taken: stop what uses it, or choose another one: PORT=${port + 1} npm start`,
  ]);

  // Ctrl-C goes to the whole process group.
  process.kill(-parley.pid, 'SIGINT');
  expect(await parley.exited).toEqual({ code: 0, signal: null });
  expect(parley.lines).toContain('Stopping ...');
  const connections = async (): Promise<number> => Object.keys((await check.leftovers()).connections).length;
  await waitFor(async () => (await connections()) === 0, { what: 'its connections to be gone' });

  const late = run('npm run chat', 'chat.ts', 'Hello');
  expect(await late.exited).toEqual({ code: 1, signal: null });
  expect(late.lines.join('\n')).toContain('Is Parley running? Start it with: npm start');
});
