import { mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localSecrets } from './local-secrets.ts';

test('makes secrets once, for their owner only', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'parley-secrets-'));
  const dataDir = join(dir.path, 'data');
  const first = await localSecrets({}, dataDir);
  expect(first.SESSION_SECRET).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(Object.values(first)).size).toBe(3);
  expect(await localSecrets({}, dataDir)).toEqual(first);
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

test('uses those of the environment and keeps its own', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'parley-secrets-'));
  const own = await localSecrets({}, dir.path);
  const ADMIN_TOKEN = 'chosen-by-the-user';
  expect(await localSecrets({ ADMIN_TOKEN }, dir.path)).toEqual({ ...own, ADMIN_TOKEN });
  expect(await localSecrets({}, dir.path)).toEqual(own);
});
