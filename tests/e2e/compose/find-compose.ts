import { runCommand } from './run-command.ts';

/** The program and its first arguments. */
type ComposeCommand = readonly [string, ...string[]];

export interface Compose {
  readonly command: ComposeCommand;
  /** The images that the compose file takes from the environment, by the name of their variable. */
  readonly images: Readonly<Record<string, string>>;
}

const PROBE_DEADLINE_MS = 20_000;
const PULL_DEADLINE_MS = 300_000;

const DEFAULT_IMAGES = {
  REDIS_IMAGE: 'redis:8-alpine',
  MONGO_IMAGE: 'mongo:8',
  NODE_IMAGE: 'node:26-slim',
  HAPROXY_IMAGE: 'haproxy:3.2-alpine',
} as const;

/**
 * What it takes to run the compose file: an engine that answers, compose as a plugin or as a program, and the images.
 *
 * @returns undefined, after one loud line, if something of it is missing.
 * @throws Error instead if `REQUIRE_DOCKER` is 1.
 */
export async function findCompose(env: NodeJS.ProcessEnv): Promise<Compose | undefined> {
  try {
    await attempt('no Docker engine answers', () => quickly(['docker', 'info']));
    const command = await findCommand();
    const images = imagesOf(env);
    for (const image of Object.values(images))
      await attempt(`there is no image ${image}`, () => haveImage(image));
    return { command, images };
  } catch (error) {
    if (env.REQUIRE_DOCKER === '1') throw error;
    process.stderr.write(
      `\n!!! ${(error as Error).message}: THE TESTS OF docker-compose.yml ARE SKIPPED.\n\n`,
    );
    return undefined;
  }
}

async function findCommand(): Promise<ComposeCommand> {
  const hasPlugin = await quickly(['docker', 'compose', 'version']).then(
    () => true,
    () => false,
  );
  if (hasPlugin) return ['docker', 'compose'];
  await attempt('there is no docker compose', () => quickly(['docker-compose', 'version']));
  return ['docker-compose'];
}

function imagesOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(DEFAULT_IMAGES).map(([name, image]) => [name, env[name] ?? image]),
  );
}

async function haveImage(image: string): Promise<unknown> {
  return quickly(['docker', 'image', 'inspect', image]).catch(() =>
    runCommand(['docker', 'pull', image], { deadlineMs: PULL_DEADLINE_MS }),
  );
}

async function attempt(failure: string, action: () => Promise<unknown>): Promise<void> {
  await action().catch((cause: unknown) => Promise.reject(new Error(failure, { cause })));
}

function quickly(command: ComposeCommand): Promise<string> {
  return runCommand(command, { deadlineMs: PROBE_DEADLINE_MS });
}
