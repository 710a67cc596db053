import type { z } from 'zod';

/** The environment does not make a configuration. The message lists every problem; no value is shown. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Parses one service's part of the environment. Empty strings count as not set, as `docker-compose` passes them.
 *
 * @param requiredInProduction variables without which a service with `NODE_ENV=production` does not start.
 * @throws ConfigurationError naming all problems at once.
 */
export function parseEnv<S extends z.ZodType>(
  schema: S,
  env: NodeJS.ProcessEnv,
  requiredInProduction: readonly string[] = [],
): z.output<S> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  const missing =
    given.NODE_ENV === 'production' ? requiredInProduction.filter(name => !(name in given)) : [];
  if (parsed.success && missing.length === 0) return parsed.data;
  const problems = [
    ...missing.map(name => `${name}: is required in production`),
    ...(parsed.error?.issues ?? []).map(
      issue => `${issue.path.join('.') || 'environment'}: ${issue.message}`,
    ),
  ];
  const lines = problems.map(problem => `  ${problem}`).join('\n');
  throw new ConfigurationError(`The configuration has ${problems.length} problem(s):\n${lines}`);
}
