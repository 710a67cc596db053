import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, failure, holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

const APOLOGY = 'I apologize, but I encountered an error while processing your request. Please try again.';
const TEXTS = {
  Latin: 'Grüße aus Zürich: naïve café, 100 € — “quoted”.',
  CJK: '你好，世界。これは日本語です。한국어도 됩니다.',
  emoji: '👋🏽 Hi 👩‍👩‍👧‍👦 family 🏳️‍🌈 and 𝒻𝒶𝓃𝒸𝓎 letters 🎉',
};

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

async function storedAnswer(conversationId: string): Promise<string> {
  const { body } = await call(urlB, `/api/conversations/${conversationId}`);
  return body.messages.at(-1).content as string;
}

test('a visitor on one gateway, a second tab on another: both see every event of the contract', async () => {
  provider.scriptNext(pieces(['Hello', ' ', 'visitor', '!'], { everyMs: 200 }));
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  using tab = await RecordingClient.connect(urlB);
  await tab.ask('join_conversation', { conversationId });

  const ack = await visitor.ask('stream_chat', { message: 'Hi there', conversationId });
  expect(ack).toEqual({ ok: true, messageId: expect.any(String) as string, conversationId });

  for (const client of [visitor, tab]) {
    await client.until('stream_complete');
    const start = client.all('stream_start')[0];
    const messageId = start?.messageId;
    expect(start).toEqual({ messageId: expect.any(String) as string, conversationId });
    const chunks = client.all('stream_chunk');
    expect(chunks.length).toBeGreaterThanOrEqual(3);
    for (const [index, chunk] of chunks.entries()) {
      const isLast = index === chunks.length - 1;
      expect(chunk).toEqual({ messageId, content: expect.any(String) as string, isComplete: isLast });
      expect('Hello visitor!'.startsWith(chunk.content as string)).toBe(true);
    }
    expect(chunks.at(-1)?.content).toBe('Hello visitor!');
    expect(client.all('stream_complete')).toEqual([{ messageId, conversationId }]);
    expect(client.events.map(({ event }) => event).filter(event => event !== 'stream_chunk')).toEqual([
      'stream_start',
      'stream_complete',
    ]);
  }
  expect(await storedAnswer(conversationId)).toBe('Hello visitor!');
  expect(provider.requests.at(-1)?.prompt).toBe('Hi there');
});

test('who joins in the middle gets the start and the text so far at once, then the rest', async () => {
  provider.scriptNext(pieces(['One', ' two', ' three'], { faults: [holdAfter(2)] }));
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  visitor.say('stream_chat', { message: 'Count', conversationId });
  await visitor.until('stream_chunk', ({ content }) => content === 'One two');

  using late = await RecordingClient.connect(urlB);
  await late.ask('join_conversation', { conversationId });
  expect(late.all('stream_start')).toEqual(visitor.all('stream_start'));
  expect(late.all('stream_chunk').map(({ content }) => content)).toEqual(['One two']);

  provider.release();
  await late.until('stream_complete');
  expect(late.all('stream_chunk').at(-1)).toMatchObject({ content: 'One two three', isComplete: true });
});

test('who leaves hears no more', async () => {
  provider.scriptNext(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  using leaver = await RecordingClient.connect(urlA);
  await leaver.ask('join_conversation', { conversationId });
  visitor.say('stream_chat', { message: 'x', conversationId });
  await leaver.until('stream_chunk');
  await leaver.ask('leave_conversation', { conversationId });
  const heard = leaver.events.length;
  provider.release();
  await visitor.until('stream_complete');
  expect(leaver.events).toHaveLength(heard);
});

describe.each(['chat', 'responses'])('OPENAI_API=%s', api => {
  let own: Cluster;
  let model: ScriptedProvider;

  beforeAll(async () => {
    model = await ScriptedProvider.start();
    own = await Cluster.start({ provider: model, env: { OPENAI_API: api } });
  });
  afterAll(async () => {
    await own.stop();
    await model.stop();
  });

  test.each(Object.entries(TEXTS))(
    '%s: the text shown is the text stored, wherever it is cut',
    async (_name, text) => {
      const url = own.gateways[0]?.url ?? '';
      for (const script of [answer(text, { piece: 1 }), answer(text, { piece: 3, bytesPerWrite: 1 })]) {
        model.scriptNext(script);
        const conversationId = randomUUID();
        using visitor = await RecordingClient.connect(url);
        visitor.say('stream_chat', { message: text, conversationId });
        await visitor.until('stream_complete');
        for (const { content } of visitor.all('stream_chunk'))
          expect(text.startsWith(content as string)).toBe(true);
        expect(visitor.all('stream_chunk').at(-1)?.content).toBe(text);
        const { body } = await call(url, `/api/conversations/${conversationId}`);
        expect(body.messages.map(({ content }: { content: string }) => content)).toEqual([text, text]);
      }
      expect(model.requests.at(-1)?.api).toBe(api);
    },
  );
});

test('what was said before goes to the model, system prompt first', async () => {
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  provider.scriptNext(answer('First answer'), answer('Second answer'));
  visitor.say('stream_chat', { message: 'First question', conversationId });
  await visitor.until('stream_complete');
  visitor.say('stream_chat', { message: 'Second question', conversationId });
  await waitFor(() => visitor.all('stream_complete').length === 2, { what: 'the second answer' });
  expect(provider.requests.at(-1)?.messages.map(({ role, text }) => [role, text])).toEqual([
    ['system', 'You are a helpful assistant.'],
    ['user', 'First question'],
    ['assistant', 'First answer'],
    ['user', 'Second question'],
  ]);
});

test('two messages at once are answered in order, one after the other', async () => {
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  provider.scriptNext(answer('Answer one'), answer('Answer two'));
  const first = visitor.ask('stream_chat', { message: 'One', conversationId });
  const second = visitor.ask('stream_chat', { message: 'Two', conversationId });
  await Promise.all([first, second]);
  await waitFor(() => visitor.all('stream_complete').length === 2, { what: 'both answers' });
  const { body } = await call(urlA, `/api/conversations/${conversationId}`);
  const contents = body.messages.map(({ content }: { content: string }) => content);
  expect(contents).toEqual(['One', 'Answer one', 'Two', 'Answer two']);
});

test('when the provider refuses, the apology is the completed answer, shown and stored', async () => {
  provider.scriptNext(
    failure(400, { code: 'invalid_request', type: 'invalid_request_error', message: 'no' }),
  );
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  visitor.say('stream_chat', { message: 'Hi', conversationId });
  await visitor.until('stream_complete');
  expect(visitor.all('stream_chunk').at(-1)).toMatchObject({ content: APOLOGY, isComplete: true });
  expect(await storedAnswer(conversationId)).toBe(APOLOGY);
});
