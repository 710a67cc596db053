import type { AppendResult } from '@parley/platform';
import type { AnswerSink } from '../src/answer/merging-writer.ts';

/** An answer log of one answer, which behaves like the one in Redis and can be slow, fenced, emptied or broken. */
export class MemoryLog implements AnswerSink {
  state: 'streaming' | Exclude<AppendResult, 'ok' | 'replaced' | 'missing'> = 'streaming';
  replaced = false;
  /** The text; undefined once it is lost. */
  text: string | undefined = '';
  /** What readers were told, in order. */
  readonly frames: { offset: number; text: string }[] = [];
  error: Error | undefined;
  appends = 0;
  #gate: PromiseWithResolvers<void> | undefined;

  /** Appends wait from now on. */
  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async append(offset: number, text: string): Promise<AppendResult> {
    this.appends += 1;
    await this.#gate?.promise;
    if (this.error) throw this.error;
    if (this.text === undefined) return 'missing';
    if (this.replaced) return 'replaced';
    if (this.state !== 'streaming') return this.state;
    if (this.text.length === offset + text.length) return 'ok';
    if (this.text.length !== offset) return 'missing';
    this.text += text;
    this.frames.push({ offset, text });
    return 'ok';
  }

  restore(text: string): Promise<'ok' | 'replaced'> {
    if (this.replaced) return Promise.resolve('replaced');
    this.text = text;
    if (this.state === 'finished') this.state = 'streaming';
    return Promise.resolve('ok');
  }
}
