import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster, ManagedProcess, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PROTOCOL = join(import.meta.dirname, '../../docs/protocol.md');
const DEMO = 'This is a demo response.';

let cluster: Cluster;
/** What each example of the page would be saved as, and its code. */
let examples: ReadonlyMap<string, string>;

beforeAll(async () => {
  cluster = await Cluster.start();
  const page = await readFile(PROTOCOL, 'utf8');
  const blocks = page.matchAll(/^```js\n\/\/ (\w+\.mjs)\n(.*?)^```$/gms);
  examples = new Map([...blocks].map(([, name = '', code = '']) => [name, code]));
});
afterAll(() => cluster.stop());

/** Runs an example of docs/protocol.md as it is printed there. */
function run(name: string): ManagedProcess {
  const code = examples.get(name);
  if (code === undefined) throw new Error(`docs/protocol.md has no example ${name}`);
  return new ManagedProcess({
    name,
    command: process.execPath,
    args: ['--input-type=module', '--eval', code],
    cwd: import.meta.dirname,
    env: {
      PATH: process.env.PATH,
      PARLEY_URL: cluster.gateways[0]?.url,
      ADMIN_TOKEN: cluster.adminToken,
    },
  });
}

test('no example is left out here', () => {
  expect([...examples.keys()].sort()).toEqual(['admin.mjs', 'native.mjs', 'stream.mjs', 'support.mjs']);
});

test.each(['stream.mjs', 'support.mjs', 'native.mjs'])('%s shows an answer and ends', async name => {
  const example = run(name);
  expect(await example.exited).toEqual({ code: 0, signal: null });
  expect(example.lines.join('\n')).toContain(DEMO);
});

test('admin.mjs sees what a visitor and the AI say', async () => {
  const admin = run('admin.mjs');
  await waitFor(() => admin.lines.length > 0, { what: 'the list of sessions', deadlineMs: 10_000 });
  await run('support.mjs').exited;
  // Lists of sessions have it, too.
  await waitFor(() => admin.lines.some(line => line.includes(` ai ${DEMO}`)), {
    what: 'the answer at the admin',
  });
  expect(admin.lines.some(line => line.endsWith('user Hello'))).toBe(true);
  await admin.kill();
});
