import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@parley/testkit';
import type { Compose } from './find-compose.ts';
import { runCommand } from './run-command.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const files = ['docker-compose.yml', 'tests/e2e/compose/provider.yml'].flatMap(file => ['-f', file]);
const COMMAND_DEADLINE_MS = 240_000;

/** The project's docker-compose.yml, run from the working tree beside whatever else runs on the engine. */
export class ComposeStack implements AsyncDisposable {
  readonly project = `parley-e2e-${randomBytes(4).toString('hex')}`;
  /** Of the proxy. */
  readonly url: string;
  readonly #compose: Compose;
  readonly #dir: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(compose: Compose, dir: string, env: NodeJS.ProcessEnv, port: number) {
    this.#compose = compose;
    this.#dir = dir;
    this.#env = { ...env, PARLEY_PORT: String(port) };
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts nothing yet. @param settings all that the stack is told: a developer's own `.env` is not read. */
  static async create(compose: Compose, settings: Readonly<Record<string, string>>): Promise<ComposeStack> {
    const dir = await mkdtemp(join(tmpdir(), 'parley-compose-'));
    await writeFile(join(dir, 'empty.env'), '');
    const { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG, DOCKER_CONTEXT } = process.env;
    const machine = { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG, DOCKER_CONTEXT };
    return new ComposeStack(compose, dir, { ...machine, ...compose.images, ...settings }, await freePort());
  }

  /** @throws Error with the end of what compose said. */
  async run(...args: string[]): Promise<string> {
    const [program, ...first] = this.#compose.command;
    const project = ['-p', this.project, '--env-file', join(this.#dir, 'empty.env'), ...files];
    const options = { cwd: root, env: this.#env, deadlineMs: COMMAND_DEADLINE_MS };
    return runCommand([program, ...first, ...project, ...args], options);
  }

  /** Resolves when all containers run; the last ones may not be ready yet. */
  async up(...args: string[]): Promise<void> {
    await this.run('up', '-d', ...args);
  }

  /** Ids of the containers, also of those that have ended; of one service, or of all. */
  async containers(service?: string): Promise<string[]> {
    const labels = [`com.docker.compose.project=${this.project}`];
    if (service !== undefined) labels.push(`com.docker.compose.service=${service}`);
    const filters = labels.flatMap(label => ['--filter', `label=${label}`]);
    const ids = await runCommand(['docker', 'ps', '-aq', ...filters]);
    return ids.split('\n').filter(id => id !== '');
  }

  /** What `docker inspect` says of each container of a service. */
  async inspect(service: string, format: string): Promise<string[]> {
    const ids = await this.containers(service);
    if (ids.length === 0) return [];
    return (await runCommand(['docker', 'inspect', '-f', format, ...ids])).trim().split('\n');
  }

  /** Leaves nothing: no container, network, volume or image of the project. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.run('down', '-v', '--rmi', 'local', '--remove-orphans');
    } catch (error) {
      // Compose refuses even this when a setting is missing; but then it has started nothing.
      if ((await this.containers()).length > 0) throw error;
    } finally {
      await rm(this.#dir, { recursive: true, force: true });
    }
  }
}
