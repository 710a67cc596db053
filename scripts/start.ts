import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFree } from '@parley/testkit';
import { readEnvironment } from './environment.ts';
import { greeting } from './start/greeting.ts';
import { findLocalRedis } from './start/local-redis.ts';
import { localSecrets } from './start/local-secrets.ts';
import { LocalServices } from './start/local-services.ts';
import { formatFailure } from './start/format-failure.ts';
import { readStartSettings, type StartSettings } from './start/start-settings.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Ctrl-C sends one to the whole process group and npm another: more than one means no more than one. */
async function interruption(): Promise<'interrupted'> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        resolve('interrupted');
      });
  });
}

/** Starts everything and rejects when something of it ends by itself. */
async function run(settings: StartSettings, opened: AsyncDisposableStack): Promise<never> {
  const { port, dataDir, env } = settings;
  if (port !== 0 && !(await isFree(port)))
    throw new Error(
      `Port ${port} is taken: stop what uses it, or choose another one: PORT=${port + 1} npm start`,
    );
  await mkdir(dataDir, { recursive: true });
  const redis = await findLocalRedis(env, dataDir);
  opened.defer(() => redis.stop());
  const secrets = await localSecrets(env, dataDir);
  const services = new LocalServices({ settings, secrets, redisUrl: redis.url });
  opened.defer(() => services.stop());
  const facts = {
    port: await services.start(),
    adminToken: secrets.ADMIN_TOKEN,
    redisOrigin: redis.origin,
    dataDir: `./${relative(root, dataDir)}`,
    isDemo: !env.OPENAI_API_KEY && !env.OPENAI_API_KEYS,
    isWatching: settings.isWatching,
    hasOwnPort: settings.hasOwnPort,
  };
  console.log(greeting(facts));
  return Promise.race([services.failed, ...(redis.failed ? [redis.failed] : [])]);
}

async function main(): Promise<number> {
  const opened = new AsyncDisposableStack();
  try {
    const settings = readStartSettings(root, process.argv.slice(2), readEnvironment(root, process.env));
    const running = run(settings, opened);
    // After an interruption, what was just being started fails, and nobody is interested any more.
    running.catch(() => undefined);
    await Promise.race([interruption(), running]);
    console.log('\nStopping ...');
    return 0;
  } catch (error) {
    console.error(`\n${formatFailure(error)}`);
    return 1;
  } finally {
    await opened.disposeAsync();
  }
}

process.exit(await main());
