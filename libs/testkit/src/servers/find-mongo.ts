import { findOnPath } from '../processes/find-on-path.ts';
import { startContainer } from './container.ts';
import { startMongoProcess } from './mongo-process.ts';
import { givenServer, type TestServer } from './test-server.ts';

const MISSING =
  'No MongoDB: set MONGODB_TEST_URI, or start Docker, or install mongod. Docker takes the image from MONGO_IMAGE.';

/**
 * A MongoDB for tests: `MONGODB_TEST_URI`, else a container (`MONGO_IMAGE`, default `mongo:8`), else a process of the
 * mongod on the PATH.
 *
 * @returns undefined, after one loud line, if there is none of them.
 * @throws Error instead if `REQUIRE_MONGODB` is 1.
 */
export async function findMongo(env: NodeJS.ProcessEnv): Promise<TestServer | undefined> {
  const given = env.MONGODB_TEST_URI;
  if (given) return givenServer(given);
  const image = env.MONGO_IMAGE ?? 'mongo:8';
  const container = await startContainer({ image, port: 27_017, protocol: 'mongodb' });
  if (container) return container;
  const program = findOnPath(['mongod'], env);
  if (program !== undefined) return startMongoProcess(program);
  if (env.REQUIRE_MONGODB === '1') throw new Error(MISSING);
  process.stderr.write(`\n!!! ${MISSING} ITS TESTS ARE SKIPPED.\n\n`);
  return undefined;
}
