import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Below these are holes and losses that are known; each line says which. */
const MINIMUM = {
  // A worker never takes a job again once Redis was away for 6 s (https://github.com/taskforcesh/bullmq/issues/4585).
  bullmq: '6.3.3',
  // CVE-2026-48779, CVE-2026-45736, CVE-2024-37890: memory, exhausted and disclosed.
  ws: '8.21.0',
  'engine.io': '6.6.9',
  'socket.io-adapter': '2.5.8',
  // CVE-2026-33151: any number of binary attachments.
  'socket.io-parser': '4.2.6',
  // CVE-2024-53900, CVE-2025-23061: $where by way of populate.
  mongoose: '8.9.5',
  // Below 6: other defaults for reconnecting than those that libs/platform relies on.
  ioredis: '6.0.0',
} as const;

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

const lock = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as LockFile;

const numbers = (version: string): number[] => version.split(/[.+-]/, 3).map(Number);

function isAtLeast(version: string, minimum: string): boolean {
  const [has, needs] = [numbers(version), numbers(minimum)];
  const first = needs.findIndex((need, at) => has[at] !== need);
  // What comes before a release is not the release.
  if (first === -1) return !version.includes('-');
  return (has[first] ?? NaN) > (needs[first] ?? NaN);
}

test.each(Object.entries(MINIMUM))('every %s that is installed is %s or newer', (name, minimum) => {
  const versions = Object.entries(lock.packages)
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([, { version = '' }]) => version);
  expect(versions).not.toEqual([]);
  expect(versions.filter(version => !isAtLeast(version, minimum))).toEqual([]);
});

test.each([
  ['6.3.3', true],
  ['6.3.10', true],
  ['6.10.0', true],
  ['10.0.0', true],
  ['6.3.2', false],
  ['5.99.99', false],
  ['6.3.3-beta.1', false],
  ['nothing', false],
])('%s is at least 6.3.3: %s', (version, expected) => {
  expect(isAtLeast(version, '6.3.3')).toBe(expected);
});
