/**
 * Reads what a process says of itself in `/metrics` (Prometheus text).
 *
 * @param url of the process.
 * @param name the whole name.
 * @param label one that the line must have, as it is printed: `status="complete"`.
 * @returns NaN if there is no such line.
 */
export async function readMetric(url: string, name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*${label}[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}
