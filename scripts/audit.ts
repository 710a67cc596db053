import { spawnSync } from 'node:child_process';
import { auditVerdict } from './audit/audit-verdict.ts';

/** What runs in production must have no known hole. One attempt: who builds offline must not wait for it. */
const AUDIT = ['audit', '--omit=dev', '--audit-level=high', '--json', '--fetch-retries=0'];
const TIMEOUT_MS = 60_000;

const { stdout, status } = spawnSync('npm', AUDIT, {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: TIMEOUT_MS,
});
const verdict = auditVerdict(stdout, status ?? 1);
if (verdict.kind === 'vulnerable') {
  console.error(`npm audit has found known holes:\n  ${verdict.findings.join('\n  ')}`);
  process.exitCode = 1;
}
if (verdict.kind === 'unknown') {
  console.error(
    `NOT AUDITED: the registry does not tell which packages have known holes (${verdict.because}). Run npm run lint:audit where it does.`,
  );
  if (process.env.REQUIRE_AUDIT === '1') process.exitCode = 1;
}
