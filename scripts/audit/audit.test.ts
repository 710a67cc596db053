import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const TIMEOUT_MS = 60_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A registry that answers everything like this. */
async function registryThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Tells of these holes; asked for a package, it has just that. */
const tells =
  (holes: object): RequestListener =>
  (request, response) => {
    const name = decodeURIComponent(request.url ?? '').slice(1);
    const version = { name, version: '1.0.0', dist: { tarball: 'http://127.0.0.1:1/x.tgz' } };
    const aPackage = { name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
    const body = request.method === 'POST' ? holes : aPackage;
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  };

const refuses: RequestListener = (request, response) => {
  request.resume().once('end', () => response.writeHead(405).end());
};

/** A package of ours has this hole in every version. */
const hole = (severity: string) => ({
  ws: [
    {
      id: 1,
      url: 'https://example.com/GHSA-1',
      title: 'Everybody gets in',
      severity,
      vulnerable_versions: '*',
      cwe: [],
      cvss: { score: 9, vectorString: null },
    },
  ],
});

/** Runs the gate with this registry, and a cache of its own: npm keeps what it has been told of holes. */
async function audit(registry: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; said: string }> {
  await using cache = await mkdtempDisposable(join(tmpdir(), 'parley-audit-'));
  const gate = spawn(process.execPath, ['scripts/audit.ts'], {
    cwd: root,
    env: { ...process.env, npm_config_registry: registry, npm_config_cache: cache.path, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(gate.stderr), once(gate, 'exit') as Promise<[number]>]);
  return { code, said };
}

test.each(['high', 'critical'])(
  'a %s hole in a package of production fails the gate',
  { timeout: TIMEOUT_MS },
  async severity => {
    const { code, said } = await audit(await registryThat(tells(hole(severity))));
    expect(said).toMatch(/known holes[^]*ws[^]*Everybody gets in https:\/\/example\.com\/GHSA-1/);
    expect(code).toBe(1);
  },
);

test('smaller ones, and none, pass it without a word', { timeout: TIMEOUT_MS }, async () => {
  for (const body of [hole('moderate'), {}])
    expect(await audit(await registryThat(tells(body)))).toEqual({ code: 0, said: '' });
});

test(
  'a registry that has no audits, or cannot be reached, passes it with a loud line, or fails it where one is required',
  { timeout: TIMEOUT_MS },
  async () => {
    for (const registry of [await registryThat(refuses), 'http://127.0.0.1:1']) {
      for (const [required, expected] of [
        ['0', 0],
        ['1', 1],
      ] as const) {
        const { code, said } = await audit(registry, { REQUIRE_AUDIT: required });
        expect(said).toContain('NOT AUDITED');
        expect(code).toBe(expected);
      }
    }
  },
);
