import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

export interface LogOptions {
  /** Name of the service; part of every line. */
  service: string;
  level: string;
  /** Which of its processes this is; part of every line. */
  instance?: string;
}

/** Fields that never reach a log, however deep an error or request carries them. */
const SECRETS = ['authorization', 'cookie', 'token', 'password', 'apiKey', 'secret', 'key'];
const redacted = SECRETS.flatMap(name => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]);

/** What looks like a provider key or a URL's password inside a text. */
const KEY_IN_TEXT = /\bsk-[\w-]*([\w-]{4})(?![\w-])/g;
const PASSWORD_IN_URL = /(\w+:\/\/[^\s:/@]*:)[^\s@/]+@/g;

/** @returns the text with provider keys cut to their last 4 characters and passwords of URLs removed. */
export function redactText(text: string): string {
  return text.replace(KEY_IN_TEXT, 'sk-…$1').replace(PASSWORD_IN_URL, '$1***@');
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: redactText(error.message),
    stack: error.stack === undefined ? undefined : redactText(error.stack),
    ...('code' in error && { code: error.code }),
    ...(error.cause instanceof Error && { cause: serializeError(error.cause) }),
  };
}

/**
 * A service's logger: one JSON object a line. Errors go in the field `err`; of an error only name, message, stack, code and
 * cause are shown, because clients of Redis and OpenAI hang requests with credentials on theirs.
 */
export function createLogger(options: LogOptions, destination?: DestinationStream): Log {
  const { service, level, instance } = options;
  return pino(
    {
      level,
      base: { service, ...(instance !== undefined && { instance }), pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: serializeError },
      redact: { paths: redacted, censor: '[redacted]' },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** A logger for one function of one component: both names are in each of its lines. */
export function scoped(log: Log, scope: { component: string; function: string }): Log {
  return log.child(scope);
}
