import { existsSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT_PORT = 5001;

export interface StartSettings {
  /** The checkout; the services run in it. */
  readonly root: string;
  /** Where everything is kept that must survive a restart. */
  readonly dataDir: string;
  /** The gateway's. */
  readonly port: number;
  readonly hasOwnPort: boolean;
  readonly isWatching: boolean;
  /** Log entries below it are not shown. */
  readonly logLevel: string;
  /** The environment including `.env`. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Reads the environment, to which `.env` adds what is not set, and the arguments.
 *
 * @throws Error with one sentence if something of it makes no sense.
 */
export function readStartSettings(root: string, args: readonly string[]): StartSettings {
  const file = join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  // Set to nothing means not set, as the services see it too.
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const unknown = args.find(argument => argument !== '--watch');
  if (unknown !== undefined) throw new Error(`Unknown option ${unknown}; there is only --watch.`);
  const port = Number(env.PORT ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT must be a number up to 65535, not "${env.PORT ?? ''}".`);
  return {
    root,
    dataDir: join(root, 'data'),
    port,
    hasOwnPort: port !== DEFAULT_PORT,
    isWatching: args.includes('--watch'),
    logLevel: env.LOG_LEVEL ?? 'warn',
    env,
  };
}
