import type { TestServer } from './test-server.ts';

export interface ContainerOptions {
  readonly image: string;
  /** Port inside the container. */
  readonly port: number;
  readonly protocol: string;
}

/**
 * Starts a container if a Docker engine answers and has, or can pull, the image. The caller stops it: Ryuk, which would do
 * so for a run that crashes, may be switched off.
 *
 * @returns undefined, after a line with the reason, if the engine cannot run the image; undefined if there is no engine.
 */
export async function startContainer({
  image,
  port,
  protocol,
}: ContainerOptions): Promise<TestServer | undefined> {
  // Loaded when needed: it is large, and most users of this package never need it.
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
  } catch {
    return undefined;
  }
  try {
    const container = await new GenericContainer(image).withExposedPorts(port).start();
    return {
      url: `${protocol}://${container.getHost()}:${container.getMappedPort(port)}`,
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`Docker cannot run ${image}: ${reason}\n`);
    return undefined;
  }
}
