import { z } from 'zod';

/** Every error code that a client can meet, with its HTTP status and the sentence used when nothing better is known. */
export const ERRORS = {
  INVALID_REQUEST: { status: 400, message: 'The request is not valid' },
  UNAUTHORIZED: { status: 401, message: 'Sign in first' },
  FORBIDDEN: { status: 403, message: 'You may not do that' },
  CONVERSATION_NOT_FOUND: { status: 404, message: 'Conversation not found' },
  ANSWER_NOT_FOUND: { status: 404, message: 'Answer not found' },
  NOT_FOUND: { status: 404, message: 'There is nothing here' },
  ANSWER_IN_PROGRESS: { status: 409, message: 'The previous message is still being answered' },
  MESSAGE_TOO_LONG: { status: 413, message: 'The message is too long' },
  RATE_LIMIT_EXCEEDED: { status: 429, message: 'Too many requests, slow down' },
  INTERNAL_ERROR: { status: 500, message: 'Something went wrong on our side' },
  BUSY: { status: 503, message: 'Too many people are waiting for an answer, try again shortly' },
  BUDGET_SPENT: { status: 503, message: "Today's answers are used up, ask again tomorrow" },
  HISTORY_UNAVAILABLE: { status: 503, message: 'Messages cannot be stored right now, try again shortly' },
  ANSWER_TIMEOUT: { status: 504, message: 'The answer took too long, it will be stored when it is ready' },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** One thing that is wrong with a request, for the developer who sent it. */
const problemSchema = z.looseObject({ path: z.string(), message: z.string() });
export type Problem = z.infer<typeof problemSchema>;

/** The body of every REST error and the `error` of every failed acknowledgement. */
export const errorBodySchema = z.looseObject({
  message: z.string(),
  code: z.enum(codes),
  /** What exactly was wrong with the request. */
  details: z.array(problemSchema).optional(),
  /** Milliseconds after which the same request may succeed. Absent: repeating it is pointless. */
  retryAfterMs: z.number().int().nonnegative().optional(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

interface ParleyErrorOptions {
  message?: string;
  details?: Problem[];
  retryAfterMs?: number;
  cause?: unknown;
}

/** An error that a client may see. Anything else that is thrown becomes `INTERNAL_ERROR` at the edge. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  readonly details: Problem[] | undefined;
  /** Milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: ParleyErrorOptions = {}) {
    super(
      options.message ?? ERRORS[code].message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** HTTP status that goes with the code. */
  get status(): number {
    return ERRORS[this.code].status;
  }

  toBody(): ErrorBody {
    return {
      message: this.message,
      code: this.code,
      ...(this.details && { details: this.details }),
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
    };
  }

  /** The error itself if clients may see it, otherwise `INTERNAL_ERROR` with the original as its cause. */
  static from(error: unknown): ParleyError {
    return error instanceof ParleyError ? error : new ParleyError('INTERNAL_ERROR', { cause: error });
  }

  /** Turns a failed parse into `INVALID_REQUEST` (or `MESSAGE_TOO_LONG`, which has a code of its own). */
  static invalid(error: z.ZodError, message?: string): ParleyError {
    const details = error.issues.map(issue => ({ path: issue.path.join('.'), message: issue.message }));
    const tooLong = error.issues.some(issue => issue.message === ERRORS.MESSAGE_TOO_LONG.message);
    if (tooLong) return new ParleyError('MESSAGE_TOO_LONG', { details });
    const [first] = details;
    const text = message ?? (first && sentence(first));
    return new ParleyError('INVALID_REQUEST', {
      details,
      cause: error,
      ...(text !== undefined && { message: text }),
    });
  }
}

/** Too many answers of whoever asks are under way; one of them ends soon. */
export function tooManyOpenAnswers(): ParleyError {
  const message = 'Wait for the answers to your earlier messages';
  return new ParleyError('RATE_LIMIT_EXCEEDED', { message, retryAfterMs: 5_000 });
}

/** `{ path: 'message', message: 'is required' }` -> "Message is required". */
function sentence({ path, message }: Problem): string {
  if (path === '') return message;
  return `${path.charAt(0).toUpperCase()}${path.slice(1)} ${message}`;
}
