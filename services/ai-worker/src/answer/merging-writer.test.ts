import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/manual-clock.ts';
import { MemoryLog } from '../../test/memory-log.ts';
import { MergingWriter, type Refusal } from './merging-writer.ts';

test('the first piece is sent in the same turn', () => {
  const log = new MemoryLog();
  void new MergingWriter(log).write('now');
  expect(log.appends).toBe(1);
});

test('what comes while a piece is on its way travels together', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  log.hold();
  for (const piece of ['a', 'b', 'c', 'd']) void writer.write(piece);
  log.release();
  await writer.close();
  expect(log.frames).toEqual([
    { offset: 0, text: 'a' },
    { offset: 1, text: 'bcd' },
  ]);
  expect(writer.mergedPieces).toBe(2);
});

function paced(atOnce: () => number) {
  const log = new MemoryLog();
  const clock = new ManualClock();
  const writer = new MergingWriter(log, () => undefined, { atOnce, clock });
  /** Each is written when the ones before have been taken. */
  const write = async (...pieces: string[]): Promise<void> => {
    for (const piece of pieces) {
      void writer.write(piece);
      await turn();
    }
  };
  return { log, clock, writer, write, texts: () => log.frames.map(({ text }) => text) };
}

test('a busy process sends several pieces together, but the first at once', async () => {
  let atOnce = 3;
  const { clock, write, texts } = paced(() => atOnce);
  await write('a', 'b', 'c', 'd', 'e');
  expect(texts()).toEqual(['a', 'bcd']);
  atOnce = 1;
  await write('f', 'g');
  expect(texts()).toEqual(['a', 'bcd', 'ef', 'g']);
  expect(clock.pending).toBe(0);
});

test('what has waited a tenth of a second waits no longer', async () => {
  const { clock, write, texts } = paced(() => 3);
  await write('a', 'b');
  clock.advance(99);
  await turn();
  expect(texts()).toEqual(['a']);
  clock.advance(1);
  await turn();
  expect(texts()).toEqual(['a', 'b']);
});

test('what waits leaves at the end and when somebody looks for a fence, and is forgotten when it is not wanted', async () => {
  const { clock, writer, write, texts } = paced(() => 3);
  await write('a', 'b');
  writer.check();
  await turn();
  expect(texts()).toEqual(['a', 'b']);
  await write('c');
  writer.discard();
  expect(clock.pending).toBe(0);
  await write('d');
  await writer.close();
  expect(texts()).toEqual(['a', 'b', 'd']);
  expect(clock.pending).toBe(0);
});

test('half a surrogate pair waits for its other half', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  void writer.write('a\ud83d');
  void writer.write('\ude00b');
  await writer.close();
  expect(log.frames.map(({ text }) => text)).toEqual(['a', '😀b']);
});

test('a half that stays alone becomes the replacement character', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  void writer.write('a\ude00b\ud83d');
  await writer.close();
  expect(log.text).toBe('a\ufffdb\ufffd');
  expect(writer.text).toBe(log.text);
});

test('whatever the cuts and however slow the log, it holds the text, gapless', async () => {
  const pieces = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 30 });
  const cut = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      pieces,
      cut,
      fc.array(fc.boolean()),
      fc.integer({ min: 1, max: 4 }),
      async (words, sizes, turns, atOnce) => {
        const text = words.join('');
        const { log, writer } = paced(() => atOnce);
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          void writer.write(text.slice(at, at + size));
          at += size;
          if (turns[turn % turns.length]) await Promise.resolve();
        }
        await writer.close();
        expect(log.text).toBe(text.toWellFormed());
        expect(writer.text).toBe(log.text);
        let offset = 0;
        for (const frame of log.frames) {
          expect(frame.offset).toBe(offset);
          expect(frame.text.isWellFormed()).toBe(true);
          offset += frame.text.length;
        }
      },
    ),
  );
});

test('a text of any size travels in bounded frames that cut no character', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  void writer.write(`x${'😀'.repeat(20_000)}`);
  await writer.close();
  expect(log.text).toBe(`x${'😀'.repeat(20_000)}`);
  expect(Math.max(...log.frames.map(({ text }) => text.length))).toBeLessThanOrEqual(8_192);
});

test('asks to wait while too much is unsent, and tells when there is room again', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  log.hold();
  expect(writer.write('x')).toBeUndefined();
  const full = writer.write('y'.repeat(100_000));
  expect(full).toBeInstanceOf(Promise);
  log.release();
  await full;
  await writer.close();
  expect(log.text).toHaveLength(100_001);
});

test('a lost log is restored, and the piece that found out is published', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  void writer.write('before ');
  await writer.close();
  log.text = undefined;
  void writer.write('after');
  await writer.close();
  expect(log.text).toBe('before after');
  expect(log.frames.at(-1)).toEqual({ offset: 7, text: 'after' });
});

test.each(['stopping', 'superseding', 'finished', 'replaced'] as const)(
  '%s: tells once, keeps what was taken, and writes nothing more',
  async by => {
    const log = new MemoryLog();
    const refusals: Refusal[] = [];
    const writer = new MergingWriter(log, refusal => refusals.push(refusal));
    void writer.write('taken');
    await writer.close();
    if (by === 'replaced') log.replaced = true;
    else log.state = by;
    void writer.write(' refused');
    await writer.close();
    void writer.write(' ignored');
    await writer.close();
    expect(refusals).toEqual([{ by }]);
    expect(writer.text).toBe('taken');
    expect(log.text).toBe('taken');
  },
);

test('a writer whose buffer is full is let go when its write is refused', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  log.hold();
  void writer.write('x');
  const full = writer.write('y'.repeat(100_000));
  log.state = 'stopping';
  log.release();
  await full;
  expect(writer.refusal).toEqual({ by: 'stopping' });
});

test('a check without text finds the fence and publishes nothing', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  void writer.write('text');
  await writer.close();
  writer.check();
  await writer.close();
  expect(writer.refusal).toBeUndefined();
  log.state = 'stopping';
  writer.check();
  await writer.close();
  expect(writer.refusal).toEqual({ by: 'stopping' });
  expect(log.frames).toHaveLength(1);
});

test('an error of the log is a refusal', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter(log);
  log.error = new Error('OOM');
  void writer.write('text');
  await writer.close();
  expect(writer.refusal).toEqual({ by: 'error', error: log.error });
});

test('a log that loses each restored text is an error, not an endless loop', async () => {
  const log = new MemoryLog();
  const writer = new MergingWriter({
    append: () => Promise.resolve('missing'),
    restore: text => log.restore(text),
  });
  void writer.write('text');
  await writer.close();
  expect(writer.refusal?.by).toBe('error');
});
