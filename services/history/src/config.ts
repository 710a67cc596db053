import { envFields, parseEnv } from '@parley/platform';
import { z } from 'zod';
import { DATABASE_URL } from './store/open-store.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const PRODUCTION_NEEDS = ['REDIS_URL', 'DATABASE_URL', 'INTERNAL_TOKEN'];

const schema = z
  .object({
    NODE_ENV: envFields.nodeEnv,
    LOG_LEVEL: envFields.logLevel,
    PORT: envFields.port(5011),
    HOST: z.string().default('127.0.0.1'),
    REDIS_URL: envFields.redisUrl,
    INTERNAL_TOKEN: envFields.secret.optional(),
    SHUTDOWN_GRACE_MS: envFields.integer(15_000, 0, 600_000),
    DATABASE_URL: z
      .string()
      .regex(DATABASE_URL, { error: 'must be mongodb://…, mongodb+srv://…, sqlite:<path> or memory:' })
      .default('sqlite:./data/parley.db'),
    ANSWER_RUNS: envFields.integer(2, 1, 100),
    SWEEP_INTERVAL_MS: envFields.integer(1_000, 10, 3_600_000),
    SWEEP_AFTER_MS: envFields.integer(5_000, 0, 3_600_000),
  })
  .refine(({ HOST, INTERNAL_TOKEN }) => LOOPBACK.has(HOST) || INTERNAL_TOKEN !== undefined, {
    path: ['INTERNAL_TOKEN'],
    error: 'is required when HOST is not loopback',
  });

export type HistoryConfig = z.infer<typeof schema>;

/** @throws ConfigurationError naming all problems at once. */
export function readConfig(env: NodeJS.ProcessEnv): HistoryConfig {
  const { DATABASE_URL: url = '', MONGODB_URI: alias, ...others } = env;
  return parseEnv(schema, { ...others, DATABASE_URL: url === '' ? alias : url }, PRODUCTION_NEEDS);
}
