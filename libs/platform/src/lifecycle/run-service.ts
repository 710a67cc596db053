import { ConfigurationError } from '../config/parse-env.ts';
import { ListenError } from '../http/http-server.ts';
import { createLogger, scoped, type Log } from '../logging/logger.ts';
import { ReleaseStack } from './release-stack.ts';

/** A service that has started. */
export interface RunningService {
  /** Where it listens; told in the ready line. */
  readonly port: number;
  /** Takes no new work and ends what is under way; bounded by the grace period. */
  drain(): Promise<void>;
}

export interface ServiceDefinition {
  name: string;
  level: string;
  instance?: string;
  /** Milliseconds between SIGTERM and a forced end. */
  graceMs: number;
  start(log: Log, releases: ReleaseStack): Promise<RunningService>;
}

const EXIT_CONFIGURATION = 1;
const EXIT_FAILED = 2;
const EXIT_GRACE_OVER = 3;

/**
 * Runs one service as this process: starts it, prints the ready line, and on SIGTERM or SIGINT drains it and releases what
 * it opened, in reverse order, within its grace period.
 *
 * @param define reads the configuration; a ConfigurationError it throws is printed and ends the process with 1.
 */
export async function runService(define: () => ServiceDefinition): Promise<void> {
  const definition = defineOrExit(define);
  const log = createLogger({ service: definition.name, level: definition.level, ...instanceOf(definition) });
  const line = scoped(log, { component: 'lifecycle', function: 'runService' });
  const releases = new ReleaseStack(log);
  const stopped = untilStopped(line);
  try {
    const starting = definition.start(log, releases);
    // Whoever stops a service that cannot start yet must not wait for it.
    starting.catch(() => undefined);
    const service = await Promise.race([starting, stopped]);
    if (service) {
      line.info({ port: service.port }, 'ready');
      await stopped;
      endAfterGrace(definition.graceMs, line);
      await service.drain();
    }
  } catch (error) {
    line.fatal(
      { err: error },
      error instanceof ListenError ? error.message : 'could not start or stop cleanly',
    );
    process.exitCode = EXIT_FAILED;
  }
  await releases.releaseAll();
  line.info('stopped');
  // What is left open now is a bug, but a process that hangs is a worse one.
  process.exit();
}

function instanceOf({ instance }: ServiceDefinition): { instance?: string } {
  return instance === undefined ? {} : { instance };
}

function defineOrExit(define: () => ServiceDefinition): ServiceDefinition {
  try {
    return define();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}

async function untilStopped(line: Log): Promise<void> {
  await new Promise<void>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        line.info({ signal }, 'stopping');
        resolve();
      });
    }
    process.once('uncaughtException', error => {
      line.fatal({ err: error }, 'uncaught exception');
      process.exitCode = EXIT_FAILED;
      resolve();
    });
    process.once('unhandledRejection', reason => {
      line.fatal({ err: reason }, 'unhandled rejection');
      process.exitCode = EXIT_FAILED;
      resolve();
    });
  });
}

function endAfterGrace(graceMs: number, line: Log): void {
  setTimeout(() => {
    line.error({ graceMs }, 'grace period over, ending anyway');
    process.exit(EXIT_GRACE_OVER);
  }, graceMs).unref();
}
