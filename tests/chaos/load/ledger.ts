/** One message that a client has sent, and what became of it. */
export interface Entry {
  readonly conversationId: string;
  readonly prompt: string;
  /** The client was told that it is stored. */
  readonly acked?: boolean;
  /** Milliseconds from the send until the client showed a whole answer; undefined if it never did. */
  readonly tookMs: number | undefined;
  /** What the client showed as the whole answer. */
  readonly shown: string | undefined;
  /** All that clients showed of it while it streamed; each the beginning of what is stored. */
  readonly streamed?: readonly string[];
  /** How many of them are chunks of dialect `stream`, before the last one. */
  readonly chunks?: number;
  /** It ended before the provider had said all: an earlier epoch, which said the same, may have shown more. */
  readonly cutShort?: boolean;
}

export interface Stored {
  readonly role: string;
  readonly content: string;
}

/** What a fault run came to; `acked` must be `sent`, and all from `lost` to `overAllowance` must be 0. */
export interface Tally {
  readonly sent: number;
  readonly acked: number;
  /** Messages, or their answers, that are not stored. */
  readonly lost: number;
  /** Messages, or their answers, that are stored more than once. */
  readonly duplicated: number;
  /** Messages whose answer never became whole for the client. */
  readonly stuck: number;
  /** Answers whose text shown, in the end or while it streamed, is not the text stored. */
  readonly different: number;
  /** Requests to the provider beyond one run and one re-run per answer. */
  readonly overAllowance: number;
  /** Answers of which something was shown while they streamed: so many comparisons mean something. */
  readonly watched: number;
  /** Chunks of dialect `stream` that were compared. */
  readonly chunks: number;
  /** Requests to the provider, and messages. */
  readonly providerCalls: number;
  readonly slowestMs: number;
}

const RUNS_ALLOWED = 2;

/**
 * Compares what clients sent and were shown with what is stored and what the provider was asked.
 *
 * @param stored the messages of each conversation, oldest first.
 * @param prompts what each request to the provider asked.
 */
export function tally(
  entries: readonly Entry[],
  stored: ReadonlyMap<string, readonly Stored[]>,
  prompts: readonly string[],
): Tally {
  const calls = Map.groupBy(prompts, prompt => prompt);
  const judged = entries.map(entry => judge(entry, stored.get(entry.conversationId) ?? []));
  const count = (holds: (one: (typeof judged)[number]) => boolean): number => judged.filter(holds).length;
  return {
    sent: entries.length,
    acked: entries.filter(({ acked }) => acked === true).length,
    lost: count(({ messages, answers }) => messages === 0 || answers === 0),
    duplicated: count(({ messages, answers }) => messages > 1 || answers > 1),
    stuck: entries.filter(({ tookMs }) => tookMs === undefined).length,
    different: count(({ isSame }) => !isSame),
    overAllowance: [...calls.values()].reduce(
      (over, same) => over + Math.max(0, same.length - RUNS_ALLOWED),
      0,
    ),
    watched: entries.filter(({ streamed }) => streamed?.some(text => text !== '')).length,
    chunks: entries.reduce((sum, { chunks = 0 }) => sum + chunks, 0),
    providerCalls: prompts.length,
    slowestMs: Math.round(Math.max(0, ...entries.map(({ tookMs }) => tookMs ?? 0))),
  };
}

function judge({ prompt, shown, streamed = [], cutShort = false }: Entry, stored: readonly Stored[]) {
  const at = stored.findIndex(({ content }) => content === prompt);
  const next = stored.findIndex(({ role }, index) => index > at && role === 'user');
  const answers = at === -1 ? [] : stored.slice(at + 1, next === -1 ? undefined : next);
  const text = answers.at(-1)?.content;
  const isBeginning = (part: string): boolean =>
    text !== undefined && (text.startsWith(part) || (cutShort && part.startsWith(text)));
  return {
    messages: stored.filter(({ content }) => content === prompt).length,
    answers: answers.length,
    isSame: text === shown && streamed.every(isBeginning),
  };
}
