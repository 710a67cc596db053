import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/**
 * The environment, to which the `.env` of the checkout adds what is not set. Set to nothing means not set, as the services
 * see it too.
 */
export function readEnvironment(root: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const path = join(root, '.env');
  const file = existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
  return { ...withoutEmpty(file), ...withoutEmpty(env) };
}

function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
}
