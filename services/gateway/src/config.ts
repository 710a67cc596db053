import { randomBytes } from 'node:crypto';
import { doubleTextPolicySchema } from '@parley/contracts';
import { envFields, parseEnv } from '@parley/platform';
import { z } from 'zod';

const MINUTE_MS = 60_000;
const DEFAULT_ORIGINS = 'http://localhost:8081,http://localhost:5173';
const PRODUCTION_NEEDS = ['FRONTEND_URL', 'REDIS_URL', 'SESSION_SECRET', 'ADMIN_TOKEN', 'INTERNAL_TOKEN'];

const envSchema = (env: NodeJS.ProcessEnv) =>
  z
    .object({
      NODE_ENV: envFields.nodeEnv,
      LOG_LEVEL: envFields.logLevel,
      PORT: envFields.port(5001),
      HOST: z.string().default('0.0.0.0'),
      REDIS_URL: envFields.redisUrl,
      HISTORY_URL: envFields.historyUrl,
      INTERNAL_TOKEN: envFields.secret.optional(),
      FRONTEND_URL: envFields.list().prefault(DEFAULT_ORIGINS),
      AUTH_MODE: z.enum(['open', 'token']).default(env.NODE_ENV === 'production' ? 'token' : 'open'),
      SESSION_SECRET: z.string().min(32, { error: 'must have at least 32 characters' }).optional(),
      ADMIN_TOKEN: envFields.list().pipe(z.array(envFields.secret)).optional(),
      TRUST_PROXY: envFields.integer(0, 0, 10),
      RATE_LIMIT_WINDOW_MS: envFields.integer(15 * MINUTE_MS, 1_000, 24 * 60 * MINUTE_MS),
      RATE_LIMIT_MAX_REQUESTS: envFields.integer(100, 1, 1_000_000_000),
      RATE_LIMIT_MAX_CONVERSATIONS: envFields.integer(1_000, 1, 1_000_000_000),
      SOCKET_RATE_LIMIT_PER_MINUTE: envFields.integer(120, 1, 1_000_000_000),
      BODY_LIMIT: z
        .string()
        .regex(/^\d+(b|kb|mb)?$/i, { error: 'must be a size such as 10mb' })
        .default('10mb'),
      MAX_MESSAGE_CHARS: envFields.integer(32_000, 1, 1_000_000),
      MAX_CONNECTIONS_PER_ADDRESS: envFields.integer(200, 1, 1_000_000),
      DOUBLE_TEXT: doubleTextPolicySchema.default('queue'),
      DRAIN_SPREAD_MS: envFields.integer(3_000, 0, 5 * MINUTE_MS),
      QUEUE_MAX_WAITING: envFields.integer(10_000, 1, 10_000_000),
      QUEUE_MAX_PER_CONVERSATION: envFields.integer(20, 1, 10_000),
      QUEUE_MAX_PER_VISITOR: envFields.integer(20, 1, 1_000_000),
      QUEUE_MAX_PER_ADDRESS: envFields.integer(200, 1, 1_000_000),
      DAILY_TOKEN_BUDGET: envFields.tokenBudget,
      ANSWER_WAIT_MS: envFields.integer(2 * MINUTE_MS, 1_000, 60 * MINUTE_MS),
      SHUTDOWN_GRACE_MS: envFields.integer(10_000, 0, 10 * MINUTE_MS),
    })
    .superRefine((config, context) => {
      if (config.AUTH_MODE === 'token' && config.SESSION_SECRET === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['SESSION_SECRET'],
          message: 'is required with AUTH_MODE=token',
        });
      }
    });

/** What the gateway is told, secrets apart. */
export type GatewayConfig = ReturnType<typeof readConfig>['config'];
export type GatewaySecrets = ReturnType<typeof readConfig>['secrets'];

/** @throws ConfigurationError naming all problems. */
export function readConfig(env: NodeJS.ProcessEnv) {
  const { FRONTEND_URL = env.CORS_ORIGIN, ...others } = env;
  const parsed = parseEnv(envSchema(env), { ...others, FRONTEND_URL }, PRODUCTION_NEEDS);
  const { SESSION_SECRET, ADMIN_TOKEN, INTERNAL_TOKEN, REDIS_URL, ...config } = parsed;
  return {
    config,
    secrets: {
      redisUrl: REDIS_URL,
      internalToken: INTERNAL_TOKEN,
      // In open mode nobody checks a visitor's token; it only has to be one.
      sessionSecret: SESSION_SECRET ?? randomBytes(32).toString('hex'),
      adminTokens: ADMIN_TOKEN ?? [],
    },
  };
}
