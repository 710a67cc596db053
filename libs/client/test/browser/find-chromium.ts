import { findOnPath } from '@parley/testkit';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The program at `CHROMIUM_PATH`, or else the first one on the PATH.
 *
 * @returns undefined, after one loud line, if there is none.
 * @throws Error instead if `REQUIRE_CHROMIUM` is 1.
 */
export function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  const found = env.CHROMIUM_PATH ?? findOnPath(NAMES, env);
  if (found !== undefined) return found;
  const problem = 'There is no chromium on the PATH';
  if (env.REQUIRE_CHROMIUM === '1') throw new Error(`${problem}; install it, or set CHROMIUM_PATH`);
  process.stderr.write(`\n!!! ${problem}: THE TESTS OF libs/client IN A BROWSER ARE SKIPPED.\n\n`);
  return undefined;
}
