import type { ScriptedProvider } from '../openai/scripted-provider.ts';

/** Secrets of a test cluster; known, because tests sign in with them. */
export const TEST_SECRETS = {
  admin: 'test-admin-token-0123456789abcdef',
  internal: 'test-internal-token-0123456789abcdef',
  session: 'test-session-secret-0123456789abcdef',
} as const;

const UNLIMITED = '1000000';

export interface ClusterFacts {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly provider: Pick<ScriptedProvider, 'baseUrl'> | undefined;
  /** Win over everything else here. */
  readonly overrides: Readonly<Record<string, string>>;
}

/**
 * The whole environment that every service of a test cluster has in common. Nothing of the developer's own gets in: a test
 * must not find a real provider key.
 */
export function clusterEnv({ redisUrl, databaseUrl, provider, overrides }: ClusterFacts): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    NODE_ENV: 'test',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    REDIS_URL: redisUrl,
    DATABASE_URL: databaseUrl,
    AUTH_MODE: 'open',
    ADMIN_TOKEN: TEST_SECRETS.admin,
    INTERNAL_TOKEN: TEST_SECRETS.internal,
    SESSION_SECRET: TEST_SECRETS.session,
    RATE_LIMIT_MAX_REQUESTS: UNLIMITED,
    SOCKET_RATE_LIMIT_PER_MINUTE: UNLIMITED,
    // All clients of a test have one address.
    RATE_LIMIT_MAX_CONVERSATIONS: UNLIMITED,
    QUEUE_MAX_PER_ADDRESS: UNLIMITED,
    ...(provider && { OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: 'sk-test-0123456789abcdef' }),
    ...overrides,
  };
}
