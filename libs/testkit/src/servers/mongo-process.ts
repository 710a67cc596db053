import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import type { TestServer } from './test-server.ts';

const READY_DEADLINE_MS = 30_000;

/** Starts this `mongod` on loopback with a temporary folder. */
export async function startMongoProcess(program: string): Promise<TestServer> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'parley-mongo-'));
  const mongod = new ManagedProcess({
    name: `mongod on port ${port}`,
    command: program,
    args: ['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', dir],
  });
  const stop = async (): Promise<void> => {
    await mongod.kill();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await mongod.firstLine(
      line => line.toLowerCase().includes('waiting for connections') || undefined,
      READY_DEADLINE_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `mongodb://127.0.0.1:${port}`, stop };
}
