import type { AppendResult } from '@parley/platform';
import { systemClock, type Clock } from './clock.ts';
import { Hold } from './hold.ts';

/** What an append may come to, once a lost log is restored. */
type WriteResult = Exclude<AppendResult, 'missing'>;

/** Where an answer's text goes. */
export interface AnswerSink {
  /** Writes a piece at its offset (UTF-16 code units) and publishes it. */
  append(offset: number, text: string): Promise<AppendResult>;
  /** Writes the whole text so far again, after the sink has lost it. */
  restore(text: string): Promise<'ok' | 'replaced'>;
}

/** Why a writer may not go on. */
export type Refusal =
  { readonly by: Exclude<WriteResult, 'ok'> } | { readonly by: 'error'; readonly error: unknown };

/** How eager a writer is. */
export interface WriterPace {
  /** How many pieces shall travel together while nothing is on its way. The first of a text never waits. */
  readonly atOnce: () => number;
  readonly clock: Clock;
}

const AT_ONCE: WriterPace = { atOnce: () => 1, clock: systemClock };

/** A frame on its way to browsers; more than that at once makes slow ones slower. */
const MAX_PIECE_CHARS = 8_192;
/** Unsent text from which on the reader is asked to wait. */
const FULL_CHARS = 65_536;
/** A sink that loses the text each time it is restored is broken. */
const MAX_RESTORES = 3;

/**
 * Writes text as it comes: the first piece at once, and while one is on its way, what comes meanwhile becomes the next. Where
 * that is too often for a busy process, several wait for each other. Half a surrogate pair waits for its other half, because
 * the sink stores UTF-8.
 */
export class MergingWriter {
  readonly #sink: AnswerSink;
  readonly #onRefused: (refusal: Refusal) => void;
  readonly #hold: Hold;
  #text = '';
  #unsent = '';
  #closing = false;
  #checkDue = false;
  #busy = false;
  #sent = Promise.resolve();
  #room: PromiseWithResolvers<void> | undefined;
  #refusal: Refusal | undefined;
  #mergedPieces = 0;

  /** @param onRefused called once, as soon as a write is refused; nothing is written after it. */
  constructor(
    sink: AnswerSink,
    onRefused: (refusal: Refusal) => void = () => undefined,
    { atOnce, clock }: WriterPace = AT_ONCE,
  ) {
    this.#sink = sink;
    this.#onRefused = onRefused;
    this.#hold = new Hold(atOnce, clock, () => this.#start());
  }

  /** What the sink has taken. */
  get text(): string {
    return this.#text;
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Pieces that travelled together with one before them. */
  get mergedPieces(): number {
    return this.#mergedPieces;
  }

  /** @returns a promise if too much is unsent: fulfilled when there is room again, or nothing is written any more. */
  write(text: string): Promise<void> | undefined {
    if (this.#refusal) return undefined;
    if (this.#unsent !== '') this.#mergedPieces += 1;
    this.#unsent += text;
    const isFirst = this.#text === '';
    if (this.#busy || isFirst || !this.#hold.keeps()) this.#start();
    if (this.#unsent.length <= FULL_CHARS) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Finds out whether writing is still allowed, also when there is nothing to write. */
  check(): void {
    this.#checkDue = true;
    this.#start();
  }

  /** Forgets what is unsent. */
  discard(): void {
    this.#unsent = '';
    this.#hold.release();
    this.#makeRoom();
  }

  /** Resolves when everything is written, or refused. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#start();
    await this.#sent;
  }

  #start(): void {
    if (this.#busy || this.#refusal) return;
    this.#hold.release();
    this.#busy = true;
    this.#sent = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    try {
      for (let piece = this.#take(); piece !== '' || this.#checkDue; piece = this.#take()) {
        this.#checkDue = false;
        const appended = await this.#sink.append(this.#text.length, piece);
        const result = appended === 'missing' ? await this.#restoreAnd(piece) : appended;
        if (result !== 'ok') {
          this.#refuse({ by: result });
          return;
        }
        this.#text += piece;
      }
    } catch (error) {
      this.#refuse({ by: 'error', error });
    } finally {
      // In the same turn as the look at what is unsent: a write in between would wait for ever.
      this.#busy = false;
    }
  }

  /** The log has lost what was written: writes it again, and the piece behind it. */
  async #restoreAnd(piece: string): Promise<WriteResult> {
    for (let restores = 0; restores < MAX_RESTORES; restores++) {
      if ((await this.#sink.restore(this.#text)) === 'replaced') return 'replaced';
      const result = await this.#sink.append(this.#text.length, piece);
      if (result !== 'missing') return result;
    }
    throw new Error('The answer log loses what is written to it');
  }

  #take(): string {
    let end = Math.min(this.#unsent.length, MAX_PIECE_CHARS);
    const isLast = this.#closing && end === this.#unsent.length;
    if (!isLast && isHighSurrogate(this.#unsent.charCodeAt(end - 1))) end -= 1;
    const piece = this.#unsent.slice(0, end).toWellFormed();
    this.#unsent = this.#unsent.slice(end);
    if (this.#unsent.length <= FULL_CHARS) this.#makeRoom();
    return piece;
  }

  #refuse(refusal: Refusal): void {
    this.#refusal = refusal;
    this.discard();
    this.#onRefused(refusal);
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

function isHighSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdbff;
}
