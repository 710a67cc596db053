/** What `npm audit --json` prints, as far as it matters here; a registry that cannot be asked gives an error alone. */
interface AuditReport {
  readonly message?: string;
  readonly error?: { readonly summary?: string };
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly severity: string; readonly range: string; readonly via: readonly unknown[] }>
  >;
}

/** `unknown`: nobody could be asked. */
export type AuditVerdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'vulnerable'; readonly findings: readonly string[] }
  | { readonly kind: 'unknown'; readonly because: string };

/**
 * @param printed by `npm audit --json`.
 * @param exitCode 0 unless something is as bad as `--audit-level`, or nobody could be asked.
 */
export function auditVerdict(printed: string, exitCode: number): AuditVerdict {
  const { vulnerabilities, message, error } = parse(printed);
  if (!vulnerabilities) {
    const because = message ?? error?.summary ?? `npm audit ended with ${exitCode} and no report`;
    return { kind: 'unknown', because };
  }
  if (exitCode === 0) return { kind: 'clean' };
  const findings = Object.entries(vulnerabilities).map(
    ([name, { severity, range, via }]) => `${severity}: ${name} ${range} (${via.map(reasonOf).join('; ')})`,
  );
  return { kind: 'vulnerable', findings };
}

/** An advisory, or the name of another package that has one. */
function reasonOf(via: unknown): string {
  if (typeof via !== 'object' || via === null) return `by ${String(via)}`;
  const { title = 'unnamed', url = '' } = via as { title?: string; url?: string };
  return `${title} ${url}`;
}

function parse(printed: string): AuditReport {
  try {
    const report: unknown = JSON.parse(printed);
    return typeof report === 'object' && report !== null ? report : {};
  } catch {
    return {};
  }
}
