import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { answer, failure, generatedPieces, hangUp, pieces } from './answer-script.ts';
import { chatRequest, outcomeWithSdk, readWithSdk, responseRequest, sdkClient } from './read-with-sdk.ts';
import { ScriptedProvider } from './scripted-provider.ts';

const difficult = 'Grüße 👩‍👩‍👧‍👦, 你好世界, 日本語のテキスト, 😀😃 and a tail. "quoted"\n\u2028 end';
const apis = ['chat', 'responses'] as const;

describe.each(apis)('the %s API', api => {
  const shapes = [
    { piece: 'word' },
    { piece: 1 },
    { piece: 3, bytesPerWrite: 1 },
    { piece: 2, bytesPerWrite: 7, lineEnd: '\r\n' },
    { piece: 'word', bytesPerWrite: 65_536, lineEnd: '\r' },
  ] as const;

  test.each(shapes)('streams exactly the text to the SDK with %o', async shape => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer(difficult, shape));
    expect(await readWithSdk(provider, api)).toBe(difficult);
  });

  test("satisfies the SDK's own accumulating stream, with usage", async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer(difficult, { piece: 2, usage: { input: 11, output: 22 } }));
    const client = sdkClient(provider);
    if (api === 'chat') {
      const stream = client.chat.completions.stream({
        ...chatRequest,
        stream_options: { include_usage: true },
      });
      const completion = await stream.finalChatCompletion();
      expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: difficult } });
      expect(completion.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 22, total_tokens: 33 });
    } else {
      const response = await client.responses.stream(responseRequest).finalResponse();
      expect(response).toMatchObject({ status: 'completed', output_text: difficult });
      expect(response.usage).toMatchObject({ input_tokens: 11, output_tokens: 22, total_tokens: 33 });
    }
  });

  test('answers in one body when no stream is asked for', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer(difficult, { bytesPerWrite: 3 }));
    const client = sdkClient(provider);
    const text =
      api === 'chat'
        ? (await client.chat.completions.create(chatRequest)).choices[0]?.message.content
        : (await client.responses.create(responseRequest)).output_text;
    expect(text).toBe(difficult);
  });

  test('refuses with the status, the code and the headers that the SDK maps', async () => {
    await using provider = await ScriptedProvider.start();
    provider.scriptNext(
      failure(429, {
        code: 'rate_limit_exceeded',
        type: 'requests',
        message: 'Slow down.',
        headers: { 'retry-after': '7' },
      }),
      failure(429, { code: 'insufficient_quota', type: 'insufficient_quota' }),
      failure(401, { code: 'invalid_api_key' }),
      failure(500),
      hangUp(),
    );
    const limited = (await outcomeWithSdk(provider, api)).error;
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(limited).toMatchObject({
      code: 'rate_limit_exceeded',
      type: 'requests',
      message: '429 Slow down.',
    });
    expect((limited as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('7');
    expect((await outcomeWithSdk(provider, api)).error).toMatchObject({
      status: 429,
      code: 'insufficient_quota',
    });
    expect((await outcomeWithSdk(provider, api)).error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect((await outcomeWithSdk(provider, api)).error).toBeInstanceOf(OpenAI.InternalServerError);
    expect((await outcomeWithSdk(provider, api)).error).toBeInstanceOf(OpenAI.APIConnectionError);
    expect(provider.requests.every(({ state }) => state === 'answered')).toBe(true);
  });

  test('sees a client that goes away', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer('never all of this', { firstAfterMs: 0, everyMs: 60_000 }));
    const stopping = new AbortController();
    const reading = readWithSdk(provider, api, { signal: stopping.signal, onText: () => stopping.abort() });
    expect(await reading).toBe('never');
    await provider.waitFor(requests => requests[0]?.state === 'aborted');
    expect(provider.aborted).toBe(1);
  });

  test('does not take a client that leaves at the end for one that goes away', async () => {
    await using provider = await ScriptedProvider.start();
    for (let round = 0; round < 20; round++) await readWithSdk(provider, api);
    expect(provider.requests.map(({ state }) => state)).toEqual(Array<string>(20).fill('answered'));
    expect(provider.aborted).toBe(0);
  });
});

describe('requests', () => {
  test('are recorded with their key, model, body and prompt', async () => {
    await using provider = await ScriptedProvider.start();
    await readWithSdk(provider, 'chat');
    await readWithSdk(provider, 'responses');
    expect(provider.requests).toMatchObject([
      { id: 'req_1', api: 'chat', key: 'sk-test', model: 'gpt-x', prompt: 'Hello?', body: { stream: true } },
      { id: 'req_2', api: 'responses', key: 'sk-test', model: 'gpt-x', prompt: 'Hello?' },
    ]);
  });

  test('get the queued scripts once each, then what the function chooses', async () => {
    await using provider = await ScriptedProvider.start();
    provider.scriptNext(answer('first'), answer('second'));
    provider.script(({ prompt }) => answer(`You said ${prompt}`));
    const texts = [];
    for (let round = 0; round < 3; round++) texts.push(await readWithSdk(provider, 'chat'));
    expect(texts).toEqual(['first', 'second', 'You said Hello?']);
  });

  test('are refused at once when the choosing function throws', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(() => {
      throw new Error('no such case');
    });
    expect((await outcomeWithSdk(provider, 'chat')).error).toMatchObject({
      status: 400,
      message: /no such case/,
    });
  });

  test('that OpenAI would not understand get its errors, and the models are listed', async () => {
    await using provider = await ScriptedProvider.start();
    const client = sdkClient(provider);
    expect((await client.models.list()).data).toHaveLength(1);
    await expect(client.embeddings.create({ model: 'm', input: 'x' })).rejects.toMatchObject({ status: 404 });
    const broken = await fetch(`${provider.baseUrl}/responses`, { method: 'POST', body: '{' });
    expect(broken.status).toBe(400);
    await broken.text();
  });
});

describe('pacing', () => {
  test('keeps to the schedule although making each piece takes half of its time', async () => {
    await using provider = await ScriptedProvider.start();
    const times: number[] = [];
    const make = (): string => {
      times.push(performance.now());
      const busyUntil = performance.now() + 10;
      while (performance.now() < busyUntil);
      return 'x';
    };
    provider.script(generatedPieces(30, make, { everyMs: 20 }));
    const begun = performance.now();
    expect(await readWithSdk(provider, 'chat')).toBe('x'.repeat(30));
    expect((times.at(-1) ?? 0) - begun).toBeGreaterThan(29 * 20);
    // Waiting 20 ms after each 10 ms of work would make every gap 30 ms.
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeLessThan(25);
  });

  test('carries hundreds of paced streams at once', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer('x'.repeat(10), { piece: 1, everyMs: 20 }));
    const texts = await Promise.all(Array.from({ length: 300 }, () => readWithSdk(provider, 'chat')));
    expect(new Set(texts)).toEqual(new Set(['xxxxxxxxxx']));
    expect(provider.requests.every(({ state }) => state === 'answered')).toBe(true);
  });
});

describe('stopping', () => {
  test('closes open streams and frees the port', async () => {
    const provider = await ScriptedProvider.start();
    provider.script(pieces(['a', 'b'], { firstAfterMs: 0, everyMs: 60_000 }));
    const stopped = Promise.withResolvers<unknown>();
    const broken = readWithSdk(provider, 'chat', { onText: () => stopped.resolve(provider.stop()) });
    await expect(broken).rejects.toThrow();
    await stopped.promise;
    expect(provider.aborted).toBe(0);

    await using again = await ScriptedProvider.start({ port: Number(new URL(provider.baseUrl).port) });
    expect(again.baseUrl).toBe(provider.baseUrl);
  });

  test('rejects who still waits', async () => {
    const provider = await ScriptedProvider.start();
    const waiting = expect(provider.waitFor(() => false, 60_000)).rejects.toThrow('stopped');
    await provider.stop();
    await waiting;
  });
});
