const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof LEVELS)[number];

/** Those of every line; what is left of a line is its data. */
const FRAME = ['level', 'time', 'pid', 'service', 'instance', 'component', 'function', 'msg', 'err'];

interface LogEntry {
  readonly level: Level;
  readonly msg: string;
  readonly err?: { readonly message?: string };
  readonly [field: string]: unknown;
}

/**
 * Turns a line of a service's output into one for people.
 *
 * @param least entries below this level give undefined. Lines that are no log entries always come through.
 */
export function formatLogLine(service: string, line: string, least: string): string | undefined {
  if (line.trim() === '') return undefined;
  const name = service.padEnd(9);
  const entry = parse(line);
  if (!entry) return `${name} | ${line}`;
  if (rank(entry.level) < rank(least)) return undefined;
  const data = Object.entries(entry)
    .filter(([field]) => !FRAME.includes(field))
    .map(([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const reason = entry.err?.message === undefined ? [] : [`(${entry.err.message})`];
  return [`${name} | ${entry.level.toUpperCase()}`, entry.msg, ...reason, ...data].join(' ');
}

/** `silent` and unknown levels are above all. */
function rank(level: string): number {
  const index = LEVELS.indexOf(level as Level);
  return index === -1 ? LEVELS.length : index;
}

function parse(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line) as Partial<LogEntry>;
    return typeof entry.msg === 'string' && LEVELS.some(level => level === entry.level)
      ? (entry as LogEntry)
      : undefined;
  } catch {
    return undefined;
  }
}
