import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ProviderError } from '../provider-error.ts';
import { readEvents, type Flow } from './read-events.ts';

/** Reads a body to its end. */
async function read(body: Readable, flow: (data: string) => Flow = () => undefined): Promise<string[]> {
  const seen: string[] = [];
  await readEvents(body, data => {
    seen.push(data);
    return flow(data);
  });
  return seen;
}

const bodyOf = (bytes: Buffer, size: number): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
    { objectMode: false },
  );

test('events arrive whole, wherever their bytes are cut and whatever ends their lines', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map(value => value.replace(/[\r\n]/g, ''));
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
  await fc.assert(
    fc.asyncProperty(fc.array(text), lineEnd, fc.integer({ min: 1, max: 9 }), async (texts, end, size) => {
      const events = texts.map(value => `: ping${end}data: ${value}${end}${end}`).join('');
      expect(await read(bodyOf(Buffer.from(events), size))).toEqual(texts);
    }),
    { numRuns: 50 },
  );
});

test('a cut body ends the reading like any other end', async () => {
  const body = new PassThrough();
  const reading = read(body);
  body.write('data: one\n\ndata: tw');
  setImmediate(() => body.destroy(new Error('ECONNRESET')));
  expect(await reading).toEqual(['one']);
});

test('an event without end is malformed, and does not fill the memory', async () => {
  const body = new PassThrough();
  const reading = read(body);
  const line = 'x'.repeat(64 * 1024);
  let written = 0;
  body.write('data: ');
  const write = (): void => {
    while (!body.destroyed && written < 160) {
      written += 1;
      if (!body.write(line)) {
        body.once('drain', write);
        return;
      }
    }
  };
  write();
  await expect(reading).rejects.toMatchObject({ kind: 'malformed' });
  expect(body.destroyed).toBe(true);
  expect(written).toBeLessThan(40);
});

test('what the handler throws ends the reading and the connection', async () => {
  const body = new PassThrough();
  const error = new ProviderError('rejected', 'no');
  const reading = read(body, () => {
    throw error;
  });
  body.write('data: x\n\n');
  await expect(reading).rejects.toBe(error);
  expect(body.destroyed).toBe(true);
});

test('nothing is read while the handler asks for time', async () => {
  const body = new PassThrough();
  const room = Promise.withResolvers<undefined>();
  const seen: string[] = [];
  const reading = readEvents(body, data => {
    seen.push(data);
    return data === 'first' ? room.promise.then(() => undefined) : undefined;
  });
  body.write('data: first\n\n');
  await new Promise(resolve => setImmediate(resolve));
  body.end('data: second\n\n');
  await new Promise(resolve => setImmediate(resolve));
  expect(seen).toEqual(['first']);
  room.resolve(undefined);
  await reading;
  expect(seen).toEqual(['first', 'second']);
});

test('after the last event nothing is heard, and the rest flows by', async () => {
  const body = new PassThrough();
  const reading = read(body, data => (data === 'end' ? 'last' : undefined));
  body.write('data: end\n\ndata: more\n\n');
  expect(await reading).toEqual(['end']);
  body.end('data: late\n\n');
  await vi.waitUntil(() => body.readableEnded);
});

test('footnotes are not waited for when they do not come', async () => {
  vi.useFakeTimers();
  try {
    const body = new PassThrough();
    const reading = read(body, () => 'tail');
    body.write('data: finished\n\n');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await reading).toEqual(['finished']);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(body.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
