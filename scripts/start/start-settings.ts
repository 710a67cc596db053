import { join, resolve } from 'node:path';

const DEFAULT_PORT = 5001;

export interface StartSettings {
  /** The checkout; the services run in it. */
  readonly root: string;
  /** Where everything is kept that must survive a restart. */
  readonly dataDir: string;
  /** The gateway's; 0 takes a free one. */
  readonly port: number;
  readonly hasOwnPort: boolean;
  readonly isWatching: boolean;
  /** Log entries below it are not shown. */
  readonly logLevel: string;
  /** The environment including `.env`. */
  readonly env: Readonly<Record<string, string>>;
}

/** @throws Error with one sentence if an argument or a variable makes no sense. */
export function readStartSettings(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): StartSettings {
  const unknown = args.find(argument => argument !== '--watch');
  if (unknown !== undefined) throw new Error(`Unknown option ${unknown}; there is only --watch.`);
  const port = Number(env.PORT ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT must be a number from 0 to 65535, not "${env.PORT ?? ''}".`);
  return {
    root,
    dataDir: env.PARLEY_DATA_DIR === undefined ? join(root, 'data') : resolve(root, env.PARLEY_DATA_DIR),
    port,
    hasOwnPort: port !== DEFAULT_PORT,
    isWatching: args.includes('--watch'),
    logLevel: env.LOG_LEVEL ?? 'warn',
    env,
  };
}
