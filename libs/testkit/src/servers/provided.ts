import type {} from 'vitest';

declare module 'vitest' {
  /** What `inject()` hands to the tests of the projects `integration` and `e2e`. */
  interface ProvidedContext {
    /** A Redis that all test files share. */
    redisUrl: string;
    /** A MongoDB that all test files share; null if this machine has none. */
    mongoUri: string | null;
  }
}
