import type { HistoryClient } from '@parley/platform';
import type { Redis } from 'ioredis';
import { AccessPolicy, type AuthMode } from './access-policy.ts';
import { AdminAttempts } from './admin-attempts.ts';
import { AdminTokens } from './admin-tokens.ts';
import { Identify } from './identify.ts';
import { VisitorTokens } from './visitor-tokens.ts';

export interface AccessOptions {
  readonly mode: AuthMode;
  readonly sessionSecret: string;
  readonly adminTokens: readonly string[];
}

/** Who is who, and who may do what. */
export interface Access {
  readonly tokens: VisitorTokens;
  readonly identify: Identify;
  readonly policy: AccessPolicy;
}

export function createAccess(options: AccessOptions, redis: Redis, history: HistoryClient): Access {
  const tokens = new VisitorTokens(options.sessionSecret);
  const admins = new AdminTokens(options.adminTokens);
  return {
    tokens,
    identify: new Identify(tokens, admins, new AdminAttempts(redis)),
    policy: new AccessPolicy(options.mode, history),
  };
}
