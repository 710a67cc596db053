import { freePort } from '../processes/free-port.ts';

const PORT = 27_017;
const MISSING = 'No MongoDB that a test may stop: start Docker. It takes the image from MONGO_IMAGE.';

/** What is done to a container, in Dockerode's words. */
interface Container {
  stop(): Promise<unknown>;
  start(): Promise<unknown>;
  pause(): Promise<unknown>;
  unpause(): Promise<unknown>;
  remove(options: { force: boolean; v: boolean }): Promise<unknown>;
}

/**
 * A MongoDB in a container (`MONGO_IMAGE`, default `mongo:8`) that belongs to one test, which may stop, restart and pause it.
 * It keeps its address and its data.
 *
 * @example await using mongo = await OwnedMongo.start(process.env);
 */
export class OwnedMongo implements AsyncDisposable {
  readonly url: string;
  readonly #container: Container;

  private constructor(url: string, container: Container) {
    this.url = url;
    this.#container = container;
  }

  /**
   * @returns undefined, after one loud line, if no Docker engine runs the image.
   * @throws Error instead if `REQUIRE_MONGODB` is 1.
   */
  static async start(env: NodeJS.ProcessEnv): Promise<OwnedMongo | undefined> {
    try {
      return await OwnedMongo.#run(env.MONGO_IMAGE ?? 'mongo:8');
    } catch (error) {
      if (env.REQUIRE_MONGODB === '1') throw new Error(MISSING, { cause: error });
      process.stderr.write(`\n!!! ${MISSING} ITS TESTS ARE SKIPPED. ${String(error)}\n\n`);
      return undefined;
    }
  }

  static async #run(image: string): Promise<OwnedMongo> {
    // Loaded when needed: it is large, and most users of this package never need it.
    const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
    const engine = await getContainerRuntimeClient();
    // A port that the engine chooses would be another one after a restart.
    const host = await freePort();
    const started = await new GenericContainer(image).withExposedPorts({ container: PORT, host }).start();
    return new OwnedMongo(
      `mongodb://${started.getHost()}:${host}`,
      engine.container.getById(started.getId()),
    );
  }

  /** SIGTERM: connections are closed and new ones refused. */
  async stop(): Promise<void> {
    await this.#container.stop();
  }

  /** Starts it again after `stop`; it answers some seconds later. */
  async restart(): Promise<void> {
    await this.#container.start();
  }

  /** Connections stay open and nothing answers. */
  async pause(): Promise<void> {
    await this.#container.pause();
  }

  /** Goes on, with what was said to it meanwhile. */
  async resume(): Promise<void> {
    await this.#container.unpause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container.remove({ force: true, v: true });
  }
}
