import type { z } from 'zod';

/** The environment does not make a configuration. The message lists every problem; no value is shown. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Parses one service's part of the environment. Empty strings count as not set, as `docker-compose` passes them.
 *
 * @throws ConfigurationError naming all problems at once.
 */
export function parseEnv<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(
    issue => `  ${issue.path.join('.') || 'environment'}: ${issue.message}`,
  );
  throw new ConfigurationError(`The configuration has ${lines.length} problem(s):\n${lines.join('\n')}`);
}
