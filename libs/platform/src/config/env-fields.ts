import { z } from 'zod';

const integer = (min: number, max: number) =>
  z.coerce.number({ error: 'must be a number' }).int().min(min).max(max);

/** Schemas of the variables that several services read. Every one parses a string of the environment. */
export const envFields = {
  /** A TCP port; 0 takes a free one. */
  port: (fallback: number) => integer(0, 65_535).default(fallback),
  /** An integer with bounds and a default. */
  integer: (fallback: number, min: number, max: number) => integer(min, max).default(fallback),
  /** `a, b,c` -> `['a', 'b', 'c']`. */
  list: () =>
    z.string().transform(text =>
      text
        .split(',')
        .map(item => item.trim())
        .filter(item => item !== ''),
    ),
  nodeEnv: z.enum(['development', 'test', 'production']).default('development'),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  redisUrl: z
    .string()
    .regex(/^rediss?:\/\//, { error: 'must start with redis:// or rediss://' })
    .default('redis://127.0.0.1:6379'),
  historyUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .default('http://127.0.0.1:5011'),
  /** Provider tokens that the deployment may use on a day; 0: no bound. */
  tokenBudget: integer(0, 1_000_000_000_000).default(0),
  secret: z.string().min(16, { error: 'must have at least 16 characters' }),
} as const;
