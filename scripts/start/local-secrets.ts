import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NAMES = ['SESSION_SECRET', 'INTERNAL_TOKEN', 'ADMIN_TOKEN'] as const;
const BYTES = { SESSION_SECRET: 32, INTERNAL_TOKEN: 32, ADMIN_TOKEN: 12 };

export type LocalSecrets = Record<(typeof NAMES)[number], string>;

/**
 * The secrets of the environment; missing ones are made once and kept in the data folder, readable by its owner only, so
 * that what was signed before a restart is still valid after it.
 */
export async function localSecrets(env: NodeJS.ProcessEnv, dataDir: string): Promise<LocalSecrets> {
  const path = join(dataDir, 'secrets.json');
  const kept = await read(path);
  const isComplete = NAMES.every(name => typeof kept[name] === 'string');
  const made = NAMES.map(name => [name, kept[name] ?? randomBytes(BYTES[name]).toString('hex')] as const);
  if (!isComplete) {
    await mkdir(dataDir, { recursive: true });
    await writeFile(path, `${JSON.stringify(Object.fromEntries(made), null, 2)}\n`, { mode: 0o600 });
  }
  return Object.fromEntries(made.map(([name, value]) => [name, env[name] ?? value])) as LocalSecrets;
}

async function read(path: string): Promise<Partial<LocalSecrets>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<LocalSecrets>;
  } catch {
    return {};
  }
}
