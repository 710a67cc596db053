/** The port that a service tells in its ready line; undefined for any other line. */
export function readyPort(line: string): number | undefined {
  if (!line.includes('"ready"')) return undefined;
  try {
    const { msg, port } = JSON.parse(line) as { msg?: unknown; port?: unknown };
    return msg === 'ready' && typeof port === 'number' ? port : undefined;
  } catch {
    return undefined;
  }
}
