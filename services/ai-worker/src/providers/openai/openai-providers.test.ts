import {
  ScriptedProvider,
  answer,
  commentAfter,
  cutAfter,
  emptyChunkAfter,
  errorAfter,
  failure,
  hangUp,
  longLineAfter,
  malformedAfter,
  pieces,
  rawAfter,
  resetAfter,
  roleChunkAfter,
  stallAfter,
  type AnswerScript,
} from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProviderKey } from '../../keys/provider-key.ts';
import type { AnswerEnd } from '../provider.ts';
import { ChatCompletions } from './chat-completions.ts';
import { StreamingFetch } from './streaming-fetch.ts';
import { OpenAiTransport } from './openai-transport.ts';
import { Responses } from './responses.ts';

const SECRET = 'sk-proj-abcdefghijklmnop-WXYZ';
const key = new ProviderKey(SECRET);
const options = { model: 'scripted', temperature: 0.5, maxTokens: 77 };
const TEXT = 'Grüße, 👩‍👩‍👧 and 漢字: a text of several words.';

let server: ScriptedProvider;
let http: StreamingFetch;
beforeAll(async () => {
  server = await ScriptedProvider.start();
  http = new StreamingFetch();
});
afterAll(async () => {
  http[Symbol.dispose]();
  await server.stop();
});

describe.each(['chat', 'responses'] as const)('%s', api => {
  const provider = () => {
    const transport = new OpenAiTransport(http, server.baseUrl);
    return api === 'chat' ? new ChatCompletions(transport, options) : new Responses(transport, options);
  };

  async function ask(
    script: AnswerScript,
    signal = new AbortController().signal,
    onText: (text: string) => void = () => undefined,
  ): Promise<{ text: string; end: AnswerEnd }> {
    server.scriptNext(script);
    let text = '';
    const messages = [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'hi' },
    ] as const;
    const end = await provider().stream({ messages, signal }, key, piece => {
      text += piece;
      onText(piece);
      return undefined;
    });
    return { text, end };
  }

  test('asks with the key, the context and the options', async () => {
    await ask(answer('x'));
    const request = server.requests.at(-1);
    expect(request).toMatchObject({ api, key: SECRET, stream: true, model: 'scripted', prompt: 'hi' });
    expect(request?.messages[0]).toEqual({ role: 'system', text: 'be kind' });
    expect(request?.body).toMatchObject({
      temperature: 0.5,
      [api === 'chat' ? 'max_completion_tokens' : 'max_output_tokens']: 77,
    });
  });

  test('hands over the text, and the end with its usage', async () => {
    const { text, end } = await ask(answer(TEXT, { usage: { input: 4, output: 9 } }));
    expect(text).toBe(TEXT);
    expect(end).toEqual({ reason: 'stop', usage: { inputTokens: 4, outputTokens: 9 } });
  });

  test.each(['length', 'content_filter'] as const)('ends with %s', async finishReason => {
    const { text, end } = await ask(answer('cut sho', { finishReason }));
    expect(text).toBe('cut sho');
    expect(end.reason).toBe(finishReason);
  });

  test.each([1, 2, 3, 7])(
    'puts characters together that travel in writes of %i bytes',
    async bytesPerWrite => {
      expect((await ask(answer(TEXT, { bytesPerWrite }))).text).toBe(TEXT);
    },
  );

  test('hands on split surrogate pairs as they come', async () => {
    expect((await ask(answer('a😀b', { piece: 1 }))).text).toBe('a😀b');
  });

  test.each(['\n', '\r\n', '\r'] as const)('takes lines that end with %j', async lineEnd => {
    expect((await ask(answer(TEXT, { lineEnd }))).text).toBe(TEXT);
  });

  test('passes over comments, empty chunks, chunks with a role only, and unknown fields', async () => {
    const faults = [
      commentAfter(0),
      roleChunkAfter(0),
      emptyChunkAfter(1),
      rawAfter(1, 'nonsense\nretry: 5\n\n'),
      emptyChunkAfter(2),
    ];
    expect((await ask(pieces(['a', 'b', 'c'], { faults }))).text).toBe('abc');
  });

  test.each([
    ['is cut off', answer('a b', { faults: [cutAfter(1)] })],
    ['is reset', answer('a b', { faults: [resetAfter(1)] })],
    ['ends without saying so', answer('a b', { finishReason: 'none' })],
  ])('a stream that %s is cut', async (_, script) => {
    await expect(ask(script)).rejects.toMatchObject({ kind: 'cut' });
  });

  test('a line that is not JSON is malformed', async () => {
    await expect(ask(answer('a b', { faults: [malformedAfter(1)] }))).rejects.toMatchObject({
      kind: 'malformed',
    });
  });

  test('a line of 10 MB is malformed', async () => {
    const script = answer('a b', { faults: [longLineAfter(1, 10_000_000)] });
    await expect(ask(script)).rejects.toMatchObject({ kind: 'malformed' });
  });

  test('a stalled stream is let go when the signal says so, and the connection with it', async () => {
    const controller = new AbortController();
    const asking = ask(
      answer('a b', { faults: [stallAfter(1, { pingEveryMs: 2 })] }),
      controller.signal,
      () => controller.abort(),
    );
    await expect(asking).rejects.toMatchObject({ name: 'ProviderError' });
    await server.waitFor(requests => requests.at(-1)?.state === 'aborted');
  });

  test('a provider that never answers is let go, too', async () => {
    const controller = new AbortController();
    const asking = ask(answer('a', { acceptAfterMs: Infinity }), controller.signal);
    const arrived = server.requests.length;
    await server.waitFor(requests => requests.length > arrived - 1 && requests.at(-1)?.state === 'open');
    controller.abort();
    await expect(asking).rejects.toMatchObject({ kind: 'unavailable' });
    await server.waitFor(requests => requests.at(-1)?.state === 'aborted');
  });

  test.each([
    [401, { code: 'invalid_api_key' }, 'refused-key'],
    [403, {}, 'refused-key'],
    [429, { code: 'insufficient_quota' }, 'refused-key'],
    [429, { code: 'rate_limit_exceeded' }, 'rate-limited'],
    [400, { code: 'context_length_exceeded' }, 'rejected'],
    [404, { code: 'model_not_found' }, 'rejected'],
    [408, {}, 'unavailable'],
    [409, {}, 'unavailable'],
    [500, {}, 'unavailable'],
    [503, {}, 'unavailable'],
  ] as const)('%i %j is %s', async (status, error, kind) => {
    const arrived = server.requests.length;
    await expect(ask(failure(status, error))).rejects.toMatchObject({ kind });
    expect(server.requests).toHaveLength(arrived + 1);
  });

  test('a rate limit tells how long', async () => {
    const script = failure(429, { code: 'rate_limit_exceeded', headers: { 'retry-after': '3' } });
    await expect(ask(script)).rejects.toMatchObject({ kind: 'rate-limited', retryAfterMs: 3_000 });
  });

  test('no connection is unavailable', async () => {
    await expect(ask(hangUp())).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test.each([
    [{}, 'unavailable'],
    [{ code: 'insufficient_quota' }, 'refused-key'],
    [{ code: 'rate_limit_exceeded' }, 'rate-limited'],
  ])('an error %j in mid-stream is %s', async (error, kind) => {
    await expect(ask(answer('a b', { faults: [errorAfter(1, error)] }))).rejects.toMatchObject({ kind });
  });

  test('an error repeats no part of the key', async () => {
    const message = `Incorrect API key provided: ${SECRET} (sk-proj-****WXYZ)`;
    const fault: unknown = await ask(failure(401, { message })).catch((error: unknown) => error);
    expect(fault).toMatchObject({ kind: 'refused-key' });
    expect(fault).not.toHaveProperty('cause');
    expect(String(fault)).toContain('…WXYZ');
    expect(String(fault)).not.toMatch(/sk-proj|abcde/);
  });
});

test('chat: an end without [DONE] is an end', async () => {
  server.scriptNext(answer('whole', { doneMarker: false }));
  const chat = new ChatCompletions(new OpenAiTransport(http, server.baseUrl), options);
  const signal = new AbortController().signal;
  await expect(chat.stream({ messages: [], signal }, key, () => undefined)).resolves.toMatchObject({
    reason: 'stop',
  });
});

test('responses: a failed response is an error', async () => {
  server.scriptNext(answer('a b', { faults: [errorAfter(1, { code: 'server_error' }, 'failed')] }));
  const responses = new Responses(new OpenAiTransport(http, server.baseUrl), options);
  const signal = new AbortController().signal;
  await expect(responses.stream({ messages: [], signal }, key, () => undefined)).rejects.toMatchObject({
    kind: 'unavailable',
  });
});
