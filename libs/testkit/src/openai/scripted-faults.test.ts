import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { answer, pieces } from './answer-script.ts';
import { outcomeWithSdk, readWithSdk, sdkClient, chatRequest } from './read-with-sdk.ts';
import { ScriptedProvider } from './scripted-provider.ts';
import {
  commentAfter,
  cutAfter,
  emptyChunkAfter,
  errorAfter,
  holdAfter,
  longLineAfter,
  malformedAfter,
  rawAfter,
  resetAfter,
  roleChunkAfter,
  stallAfter,
} from './stream-fault.ts';

const apis = ['chat', 'responses'] as const;

describe.each(apis)('the %s API', api => {
  test.each([
    { how: 'closes', fault: cutAfter, code: 'UND_ERR_SOCKET' },
    { how: 'resets', fault: resetAfter, code: 'ECONNRESET' },
  ])('$how the connection behind the pieces', async ({ fault, code }) => {
    await using provider = await ScriptedProvider.start();
    provider.script(pieces(['a', 'b', 'c'], { faults: [fault(2)] }));
    const { text, error } = await outcomeWithSdk(provider, api);
    expect(text).toBe('ab');
    expect(error).toMatchObject({ name: 'TypeError', cause: { code } });
    expect(provider.requests[0]?.state).toBe('answered');
    expect(provider.aborted).toBe(0);
  });

  test('ends properly without a finish reason', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer('all of it', { finishReason: 'none' }));
    expect(await outcomeWithSdk(provider, api)).toEqual({ text: 'all of it', error: undefined });
  });

  test('breaks with a line that is no JSON', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(pieces(['a', 'b'], { faults: [malformedAfter(1)] }));
    const { text, error } = await outcomeWithSdk(provider, api);
    expect(text).toBe('a');
    expect(error).toBeInstanceOf(SyntaxError);
  });

  test('reports an error in the middle of the stream', async () => {
    await using provider = await ScriptedProvider.start();
    const overloaded = { code: 'rate_limit_exceeded', message: 'Overloaded.' };
    provider.script(pieces(['a', 'b'], { faults: [errorAfter(1, overloaded)] }));
    const { text, error } = await outcomeWithSdk(provider, api);
    expect(text).toBe('a');
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject(overloaded);
  });

  test('hides no text behind comments, empty and role-only chunks, or a line of 10 MB', async () => {
    await using provider = await ScriptedProvider.start();
    const faults = [
      commentAfter(0),
      emptyChunkAfter(1),
      roleChunkAfter(1),
      rawAfter(1, ':\n\n\n'),
      longLineAfter(2, 10 * 1024 * 1024),
      commentAfter(3, 'the end'),
    ];
    provider.script(pieces(['a', 'b', 'c'], { faults }));
    expect(await outcomeWithSdk(provider, api)).toEqual({ text: 'abc', error: undefined });
  });

  test('holds until it is released, even when released before it got there', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(pieces(['a', 'b', 'c'], { faults: [holdAfter(1), holdAfter(2)] }));
    const reading = readWithSdk(provider, api, {
      // The client has `ab` while the server may not have come to the second hold yet.
      onText: text => text === 'ab' && provider.release(provider.requests[0]?.id),
    });
    await provider.waitFor(requests => requests[0]?.held === true);
    provider.release();
    expect(await reading).toBe('abc');
    expect(provider.requests[0]?.held).toBe(false);
  });

  test('gives one piece per step', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(pieces(['a', 'b', 'c'], { stepped: true }));
    const got: string[] = [];
    const reading = readWithSdk(provider, api, {
      onText: text => {
        got.push(text);
        if (text === 'ab') provider.step();
      },
    });
    await provider.waitFor(requests => requests[0]?.held === true);
    expect(got).toEqual([]);
    provider.step(2);
    await reading;
    expect(got).toEqual(['a', 'ab', 'abc']);
  });
});

test('a stall keeps the connection open, with pings if wanted, until the client leaves', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer('a b', { faults: [stallAfter(1, { pingEveryMs: 5 })] }));
  const response = await fetch(`${provider.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...chatRequest, stream: true }),
  });
  let body = '';
  for await (const bytes of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    body += bytes;
    if (body.endsWith(': ping\n\n: ping\n\n')) break;
  }
  await provider.waitFor(() => provider.aborted === 1);
  expect(body).not.toContain('finish_reason":"stop"');
});

test('a provider that never answers leaves the client to its own deadline', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer('a', { acceptAfterMs: Infinity }));
  const asking = sdkClient(provider).chat.completions.create(chatRequest, { timeout: 500 });
  await expect(asking).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
  await provider.waitFor(() => provider.aborted === 1);
});

test('releasing what is not there is an error', async () => {
  await using provider = await ScriptedProvider.start();
  expect(() => provider.release('req_9')).toThrow('No open request to release: req_9');
});
