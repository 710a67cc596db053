import {
  closedAnswerStatusSchema,
  conversationFrame,
  redisNames,
  usageSchema,
  type AnswerKeys,
  type Message,
} from '@parley/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { luaScript, type LuaScript } from '../redis/lua-script.ts';
import type { FenceState } from './fence-state.ts';
import { APPEND, FENCE, FINISH, FORGET, OPEN, READ, RESTORE, RETIRE, SEAL } from './scripts.ts';

/**
 * A log whose answer is never stored disappears after this long. Counted from the beginning of an epoch, so it is more than
 * the longest answer that can be configured (an hour) takes.
 */
const LOG_TTL_MS = 75 * 60_000;
/** A stored answer's log is kept for readers that are just on their way to it. */
const RETIRED_TTL_MS = 30_000;

/** Nobody will ever open one behind it. */
const NO_LATER_EPOCH = Number.MAX_SAFE_INTEGER;

/** Which answer, of which conversation. */
export interface AnswerRef {
  readonly conversationId: string;
  readonly answerId: string;
}

/**
 * What became of a write.
 *
 * - `ok`: written and published.
 * - `replaced`: a newer epoch has been opened, or the answer was stored without its writer, who must stop and keep silent.
 * - `missing`: Redis has lost the log, or part of it; `restore` it.
 * - `stopping`, `superseding`: somebody has asked for the answer to end here, as `stopped` or as `superseded`.
 * - `finished`: the answer has ended.
 */
export type AppendResult = 'ok' | 'replaced' | 'missing' | FenceState | 'finished';

/** A piece of an answer's text on its way into the log. */
export interface Append {
  readonly answer: AnswerRef;
  readonly epoch: number;
  /** UTF-16 code units before it. */
  readonly offset: number;
  /** Must not end in half a surrogate pair: Redis stores UTF-8. */
  readonly text: string;
}

/**
 * Whether an epoch is open.
 *
 * - `ok`: it is.
 * - `replaced`: a newer one has been opened; keep silent.
 * - `stopping`, `superseding`: it was fenced before it began.
 * - `forgotten`: the answer was deleted. If it was asked for again, under the same keys: open it again later.
 */
type OpenResult = 'ok' | 'replaced' | 'forgotten' | FenceState;

const endingSchema = z.object({ status: closedAnswerStatusSchema, usage: usageSchema.optional() });
/** How a run at an answer ended. */
export type AnswerEnding = z.infer<typeof endingSchema>;

/** What there is of an answer that nobody may write any more. */
export interface SealedAnswer {
  readonly text: string;
  /** Present if this very epoch was fenced before. */
  readonly fence?: FenceState;
}

/** The text so far of the newest epoch, or of the one before if the newest was fenced or sealed instead of begun. */
export interface AnswerSnapshot {
  readonly epoch: number;
  readonly state: 'streaming' | FenceState | 'finished' | 'stored';
  readonly text: string;
  /** Present once the text is whole. */
  readonly ending?: AnswerEnding;
}

/**
 * The text so far of answers, in Redis: written by the one worker that holds the newest epoch, read by gateways for late
 * joiners, resumes and gaps.
 */
export class AnswerLog {
  readonly #redis: Redis;
  /** Kept while an answer is written: to put its names together for each piece costs a quarter of sending it. */
  readonly #names = new WeakMap<AnswerRef, AnswerKeys>();
  readonly #open: LuaScript;
  readonly #append: LuaScript;
  readonly #restore: LuaScript;
  readonly #fence: LuaScript;
  readonly #finish: LuaScript;
  readonly #seal: LuaScript;
  readonly #retire: LuaScript;
  readonly #forget: LuaScript;
  readonly #read: LuaScript;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#open = luaScript(redis, 'parleyAnswerOpen', OPEN);
    this.#append = luaScript(redis, 'parleyAnswerAppend', APPEND);
    this.#restore = luaScript(redis, 'parleyAnswerRestore', RESTORE);
    this.#fence = luaScript(redis, 'parleyAnswerFence', FENCE);
    this.#finish = luaScript(redis, 'parleyAnswerFinish', FINISH);
    this.#seal = luaScript(redis, 'parleyAnswerSeal', SEAL);
    this.#retire = luaScript(redis, 'parleyAnswerRetire', RETIRE);
    this.#forget = luaScript(redis, 'parleyAnswerForget', FORGET);
    this.#read = luaScript(redis, 'parleyAnswerRead', READ);
  }

  /** Opens an epoch with an empty text and tells the conversation. */
  async open(answer: AnswerRef, epoch: number): Promise<OpenResult> {
    const frame = conversationFrame.write.parse({ type: 'answer.started', answerId: answer.answerId, epoch });
    const args = [epoch, LOG_TTL_MS, answer.answerId, JSON.stringify(frame), NO_LATER_EPOCH];
    return (await this.#open(keyList(answer), args)) as OpenResult;
  }

  /** Writes one piece at its offset (UTF-16 code units) and publishes it. */
  async append(answer: AnswerRef, epoch: number, offset: number, text: string): Promise<AppendResult> {
    const [result = 'missing'] = await this.appendAll([{ answer, epoch, offset, text }]);
    return result;
  }

  /** Writes pieces, of many answers, at their offsets and publishes them, in this order. @returns what became of each. */
  async appendAll(pieces: readonly Append[]): Promise<AppendResult[]> {
    const keys: string[] = [];
    const args: (string | number)[] = [LOG_TTL_MS];
    for (const { answer, epoch, offset, text } of pieces) {
      const { meta, text: textKey, channel } = this.#namesOf(answer);
      const frame = JSON.stringify({ type: 'answer.delta', answerId: answer.answerId, epoch, offset, text });
      keys.push(meta, textKey, channel);
      args.push(`${epoch}:${offset}`, `${epoch}:${offset + text.length}`, text, frame);
    }
    return (await this.#append(keys, args)) as AppendResult[];
  }

  /** Writes the whole text again after Redis has lost it. */
  async restore(answer: AnswerRef, epoch: number, text: string): Promise<'ok' | 'replaced'> {
    const args = [epoch, text.length, text, LOG_TTL_MS, answer.answerId];
    return (await this.#restore(keyList(answer), args)) as 'ok' | 'replaced';
  }

  /** Takes the pen away from that epoch: its next write, or its beginning, is refused with `state`. */
  async fence(answer: AnswerRef, state: FenceState, epoch: number): Promise<void> {
    await this.#fence(keyList(answer), [state, epoch, LOG_TTL_MS]);
  }

  /** The text is whole: keeps how it ended until history has stored both. */
  async finish(
    answer: AnswerRef,
    epoch: number,
    ending: AnswerEnding,
  ): Promise<'ok' | 'replaced' | 'missing'> {
    const args = [epoch, JSON.stringify(endingSchema.parse(ending)), LOG_TTL_MS];
    return (await this.#finish(keyList(answer), args)) as 'ok' | 'replaced' | 'missing';
  }

  /**
   * Ends an answer whose worker is gone and hands over what it had written; if that is nothing, what the epoch before had.
   *
   * @returns undefined if a newer epoch has been opened meanwhile.
   */
  async seal(answer: AnswerRef, epoch: number): Promise<SealedAnswer | undefined> {
    const reply = await this.#seal(keyList(answer), [epoch, LOG_TTL_MS]);
    if (!Array.isArray(reply)) return undefined;
    const [text, state] = reply as [string, FenceState | 'finished'];
    return { text, ...(state !== 'finished' && { fence: state }) };
  }

  /** History has stored the answer: tells the conversation and lets the log go. */
  async retire(message: Message): Promise<void> {
    const answer = { conversationId: message.conversationId, answerId: message.id };
    const frame = conversationFrame.write.parse({ type: 'answer.stored', message });
    await this.#retire(keyList(answer), [RETIRED_TTL_MS, message.id, JSON.stringify(frame)]);
  }

  async read(answer: AnswerRef): Promise<AnswerSnapshot | undefined> {
    const reply = await this.#read(keyList(answer), []);
    if (!Array.isArray(reply)) return undefined;
    const [epoch, state, text, ending] = reply as [string, AnswerSnapshot['state'], string, string];
    return {
      epoch: Number(epoch),
      state,
      text,
      ...(ending !== '' && { ending: endingSchema.parse(JSON.parse(ending)) }),
    };
  }

  /** Ids of the conversation's answers that have a log and are not yet stored. */
  async live(conversationId: string): Promise<string[]> {
    return this.#redis.smembers(redisNames.liveAnswers(conversationId));
  }

  /** Removes the logs of a conversation's answers; for 30 s, workers that still write are refused. */
  async forget(conversationId: string, answerIds: readonly string[]): Promise<void> {
    for (const answerId of answerIds) {
      await this.#forget(keyList({ conversationId, answerId }), [NO_LATER_EPOCH, RETIRED_TTL_MS, answerId]);
    }
  }

  #namesOf(answer: AnswerRef): AnswerKeys {
    const known = this.#names.get(answer);
    if (known) return known;
    const names = redisNames.answer(answer.conversationId, answer.answerId);
    this.#names.set(answer, names);
    return names;
  }
}

function keyList({ conversationId, answerId }: AnswerRef): string[] {
  const keys: AnswerKeys = redisNames.answer(conversationId, answerId);
  return [keys.meta, keys.text, keys.live, keys.channel, keys.before];
}
