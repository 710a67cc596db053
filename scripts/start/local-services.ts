import { join } from 'node:path';
import { freePort, ServiceProcess } from '@parley/testkit';
import type { LocalSecrets } from './local-secrets.ts';
import { formatFailure } from './format-failure.ts';
import { formatLogLine } from './format-log-line.ts';
import type { StartSettings } from './start-settings.ts';

/** Time that each service has to finish what it does; two of them, one after the other, and Redis fit into 15 s. */
const GRACE_MS = 4_000;
const STOP_DEADLINE_MS = 5_000;
/** With `--watch`, somebody may have to correct a file first. */
const WATCH_READY_DEADLINE_MS = 3_600_000;

type ServiceName = 'history' | 'ai-worker' | 'gateway';

export interface LocalServicesOptions {
  readonly settings: StartSettings;
  readonly secrets: LocalSecrets;
  readonly redisUrl: string;
}

/** history, one worker and one gateway as child processes. */
export class LocalServices {
  readonly #options: LocalServicesOptions;
  readonly #started: ServiceProcess[] = [];
  readonly #failure = Promise.withResolvers<never>();

  constructor(options: LocalServicesOptions) {
    this.#options = options;
    // Whoever waits for it gets it; nobody does while they are still starting.
    this.#failure.promise.catch(() => undefined);
  }

  /** Rejects when one of them ends by itself. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** @returns the gateway's port. */
  async start(): Promise<number> {
    const { port, isWatching } = this.#options.settings;
    // Restarted by --watch, history must be found where it was.
    const historyPort = isWatching ? await freePort() : 0;
    const history = await this.#start('history', { PORT: String(historyPort), HOST: '127.0.0.1' });
    const [gateway] = await Promise.all([
      this.#start('gateway', { PORT: String(port), HISTORY_URL: history.url }),
      this.#start('ai-worker', { PORT: '0', HOST: '127.0.0.1', HISTORY_URL: history.url }),
    ]);
    return gateway.port;
  }

  /** SIGTERM, history last; SIGKILL to what does not listen, which is told. */
  async stop(): Promise<void> {
    const isHistory = ({ name }: ServiceProcess): boolean => name === 'history';
    const [first, last] = [
      this.#started.filter(service => !isHistory(service)),
      this.#started.filter(isHistory),
    ];
    for (const tier of [first, last]) await Promise.all(tier.map(stop));
  }

  async #start(name: ServiceName, env: Record<string, string>): Promise<ServiceProcess> {
    const { settings, secrets, redisUrl } = this.#options;
    const given = settings.env;
    const service = await ServiceProcess.start({
      name,
      main: join(settings.root, 'services', name, 'src', 'main.ts'),
      nodeOptions: settings.isWatching ? ['--watch', '--watch-preserve-output'] : [],
      ...(settings.isWatching && { readyDeadlineMs: WATCH_READY_DEADLINE_MS }),
      env: {
        ...given,
        ...secrets,
        REDIS_URL: redisUrl,
        SHUTDOWN_GRACE_MS: String(GRACE_MS),
        // The ready line, which is awaited, is an `info`; what is shown is decided here.
        LOG_LEVEL: ['debug', 'trace'].includes(settings.logLevel) ? settings.logLevel : 'info',
        ...(!given.DATABASE_URL &&
          !given.MONGODB_URI && {
            DATABASE_URL: `sqlite:${join(settings.dataDir, 'parley.db')}`,
          }),
        ...env,
      },
      onUnexpectedEnd: failure => this.#failure.reject(failure),
      onLine: line => {
        const shown = formatLogLine(name, line, settings.logLevel);
        if (shown !== undefined) console.log(shown);
      },
    });
    this.#started.push(service);
    return service;
  }
}

async function stop(service: ServiceProcess): Promise<void> {
  try {
    await service.terminate(STOP_DEADLINE_MS);
  } catch (error) {
    console.error(formatFailure(error));
  }
}
