import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

test('.env adds what is not set, and nothing counts as not set', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'parley-env-'));
  expect(readEnvironment(root.path, { PORT: '1', HOST: '' })).toEqual({ PORT: '1' });
  writeFileSync(join(root.path, '.env'), 'PORT=2\nHOST="here"\nEMPTY=\n# no\n');
  expect(readEnvironment(root.path, { PORT: '1', HOST: '' })).toEqual({ PORT: '1', HOST: 'here' });
});
