import { randomUUID } from 'node:crypto';
import { answer, waitFor } from '@parley/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';
import { BusyVisitor } from './compose/busy-visitor.ts';
import { ComposeStack } from './compose/compose-stack.ts';
import { findCompose } from './compose/find-compose.ts';
import { ReachableProvider } from './compose/reachable-provider.ts';

const MINUTE_MS = 60_000;
/** In turn; enough to meet each of them several times. */
const GATEWAYS_ASKED = 8;
const UNLIMITED = '1000000';
const REQUIRED = {
  FRONTEND_URL: 'http://localhost:8081',
  SESSION_SECRET: 'compose-session-secret-0123456789abcdef',
  ADMIN_TOKEN: 'compose-admin-token-0123456789',
  INTERNAL_TOKEN: 'compose-internal-token-0123456789',
};
const SETTINGS = {
  ...REQUIRED,
  AUTH_MODE: 'open',
  OPENAI_API_KEY: 'sk-compose-0123456789',
  // All clients of a test have one address.
  RATE_LIMIT_MAX_REQUESTS: UNLIMITED,
  SOCKET_RATE_LIMIT_PER_MINUTE: UNLIMITED,
};

const compose = await findCompose(process.env);

const answerTo = (prompt: string): string =>
  `You said "${prompt}", and this is the answer to it, word by word.`;

interface ChatMessage {
  role: string;
  content: string;
}

describe.skipIf(!compose)('docker-compose.yml', () => {
  const releases = new AsyncDisposableStack();
  let stack: ComposeStack;

  beforeAll(async () => {
    if (!compose) return;
    const reachable = releases.use(await ReachableProvider.start());
    reachable.provider.script(({ prompt }) => answer(answerTo(prompt), { everyMs: 50 }));
    stack = releases.use(
      await ComposeStack.create(compose, { ...SETTINGS, OPENAI_BASE_URL: reachable.baseUrl }),
    );
    await stack.up('--build');
    await waitFor(async () => (await health()).status === 'OK', {
      what: 'the proxy to reach a gateway',
      deadlineMs: MINUTE_MS,
    });
  }, 5 * MINUTE_MS);
  afterAll(() => releases.disposeAsync(), 2 * MINUTE_MS);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(await stack.run('logs', '--tail=50', '--no-color'));
  });

  async function health(): Promise<{ status: string; instance: string }> {
    return (await call(stack.url, '/api/health')).body as { status: string; instance: string };
  }

  async function stored(conversationId: string): Promise<ChatMessage[]> {
    const { body } = await call(stack.url, `/api/conversations/${conversationId}`);
    return body.messages as ChatMessage[];
  }

  /** Says something and sees the answer to its end. */
  async function haveTurn(client: RecordingClient, message: string, conversationId: string): Promise<void> {
    expect(await client.ask('stream_chat', { message, conversationId })).toMatchObject({ ok: true });
    await client.until('stream_complete', payload => payload.conversationId === conversationId);
    expect(client.all('stream_chunk').at(-1)).toMatchObject({ content: answerTo(message), isComplete: true });
  }

  async function healthyContainers(service: string): Promise<number> {
    const states = await stack.inspect(service, '{{.State.Health.Status}}');
    return states.filter(state => state === 'healthy').length;
  }

  async function scale(gateways: number, workers: number): Promise<void> {
    const scales = ['--scale', `gateway=${gateways}`, '--scale', `ai-worker=${workers}`];
    await stack.up('--no-recreate', '--no-deps', ...scales, 'gateway', 'ai-worker');
  }

  test.each(Object.keys(REQUIRED))('names a missing %s and starts nothing', async name => {
    if (!compose) return;
    await using incomplete = await ComposeStack.create(compose, { ...SETTINGS, [name]: '' });
    await expect(incomplete.up()).rejects.toThrow(new RegExp(`${name} in \\.env`));
    expect(await incomplete.containers()).toEqual([]);
  });

  test(
    'starts two gateways and two workers that are healthy and not root',
    async () => {
      for (const service of ['gateway', 'ai-worker']) {
        await waitFor(async () => (await healthyContainers(service)) === 2, {
          what: `two healthy ${service}`,
          deadlineMs: MINUTE_MS,
        });
        expect(await stack.run('exec', '-T', service, 'id', '-un')).toBe('node\n');
      }
    },
    2 * MINUTE_MS,
  );

  test('POST /api/chat waits for the whole answer', async () => {
    const { status, body } = await call(stack.url, '/api/chat', { body: { message: 'Hello' } });
    expect(status).toBe(200);
    expect(body.message).toMatchObject({ role: 'assistant', content: answerTo('Hello') });
  });

  test('an original AI chat client sees the answer grow, and it is stored', async () => {
    const conversationId = randomUUID();
    using client = await RecordingClient.connect(stack.url);
    await haveTurn(client, 'Hello', conversationId);
    expect(client.all('stream_chunk').length).toBeGreaterThan(3);
    expect(await stored(conversationId)).toMatchObject([
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: answerTo('Hello') },
    ]);
  });

  test('an original visitor and an admin talk to each other', async () => {
    using visitor = await RecordingClient.connect(stack.url);
    using admin = await RecordingClient.connect(stack.url, { auth: { token: SETTINGS.ADMIN_TOKEN } });
    const { sessionId } = await visitor.ask('init_session');
    await admin.ask('admin-connect');
    await visitor.ask('user_message', { sessionId, content: 'Is anybody there?' });
    await admin.until('new-message', payload => payload.sessionId === sessionId);
    expect(await visitor.until('message', ({ isAI }) => isAI === true)).toMatchObject({
      sender: 'ai',
      content: answerTo('Is anybody there?'),
    });
    await admin.ask('admin_message', { sessionId, content: 'I am.' });
    expect(await visitor.until('message', ({ sender }) => sender === 'admin')).toMatchObject({
      content: 'I am.',
    });
  });

  test.each(['polling', 'websocket'] as const)(
    'twelve clients that only know %s, and no cookies, keep their connections to several gateways',
    async transport => {
      const talks = Array.from({ length: 12 }, async () => {
        using client = await RecordingClient.connect(stack.url, {
          transports: [transport],
          reconnection: false,
        });
        const conversationId = randomUUID();
        for (const message of ['One', 'Two', 'Three']) {
          await haveTurn(client, message, conversationId);
          client.events.length = 0;
        }
        expect(client.socket.connected).toBe(true);
      });
      await Promise.all(talks);
    },
  );

  test('a client that claims another address is not believed', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.7', 'user-agent': 'forger' };
    const { body } = await call(stack.url, '/api/chat/session', { body: {}, headers });
    expect(body.session.ipAddress).toMatch(/\d/);
    expect(body.session.ipAddress).not.toBe('203.0.113.7');
  });

  test('metrics stay inside', async () => {
    for (const path of ['/metrics', '/METRICS/', '/metrics?x'])
      expect((await fetch(`${stack.url}${path}`)).status).toBe(404);
  });

  /** All that was acknowledged is stored once, in its order, and answered once. */
  async function lostNothing(visitor: BusyVisitor): Promise<void> {
    const messages = await waitFor(
      async () => {
        const all = await stored(visitor.conversationId);
        return all.at(-1)?.role === 'assistant' && all.length % 2 === 0 && all;
      },
      { what: 'the last answer to be stored', deadlineMs: MINUTE_MS },
    );
    const said = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(messages).toMatchObject(
      said.flatMap(content => [
        { role: 'user', content },
        { role: 'assistant', content: answerTo(content) },
      ]),
    );
    // What was sent and never acknowledged may be there or not.
    expect(said.filter(content => visitor.acknowledged.includes(content))).toEqual(visitor.acknowledged);
  }

  test(
    'gateways and workers are added and removed while conversations go on, and nothing is lost',
    async () => {
      const atFirst = new Set<string>();
      await waitFor(async () => atFirst.add((await health()).instance).size === 2, {
        what: 'requests to reach both gateways',
      });
      const transports = ['polling', 'websocket', 'polling', 'websocket', 'polling', 'websocket'] as const;
      await using present = new AsyncDisposableStack();
      const visitors = await Promise.all(
        transports.map(async name => present.use(await BusyVisitor.start(stack.url, name))),
      );
      const all = async (action: (visitor: BusyVisitor) => Promise<void>): Promise<unknown> =>
        Promise.all(visitors.map(action));

      await all(visitor => visitor.anotherTurn());
      await scale(3, 3);
      // It has the fewest connections, so it gets them all.
      await waitFor(async () => !atFirst.has((await health()).instance), {
        what: 'requests to reach the third gateway',
        deadlineMs: MINUTE_MS,
      });
      await all(visitor => visitor.anotherTurn());
      expect(visitors.map(({ drops }) => drops)).toEqual(visitors.map(() => 0));

      await scale(1, 1);
      expect(await stack.containers('gateway')).toHaveLength(1);
      expect(await stack.containers('ai-worker')).toHaveLength(1);
      await all(visitor => visitor.anotherTurn());
      await all(visitor => visitor.stop());
      await all(lostNothing);
    },
    3 * MINUTE_MS,
  );

  test(
    'conversations outlive the containers of Redis, the database and history',
    async () => {
      const conversationId = randomUUID();
      using client = await RecordingClient.connect(stack.url);
      await haveTurn(client, 'Remember this', conversationId);
      const before = await stored(conversationId);

      await stack.run('restart', 'redis', 'history');
      await stack.up('--force-recreate', '--no-deps', 'redis', 'mongo', 'history');
      // What health says is two seconds old, and of one gateway: they are back when several calls in a row are answered.
      await waitFor(
        async () => {
          for (let call = 0; call < GATEWAYS_ASKED; call++) {
            if ((await health()).status !== 'OK') return false;
            expect(await stored(conversationId)).toEqual(before);
          }
          return true;
        },
        { what: 'everything to be back', deadlineMs: MINUTE_MS },
      );
      await waitFor(() => client.socket.connected, { what: 'the client to be back', deadlineMs: MINUTE_MS });
      client.events.length = 0;
      await haveTurn(client, 'And this', conversationId);
      expect(await stored(conversationId)).toHaveLength(4);
    },
    3 * MINUTE_MS,
  );

  test(
    'every service ends by itself when it is told to',
    async () => {
      await stack.run('stop', 'gateway', 'ai-worker', 'history');
      for (const service of ['gateway', 'ai-worker', 'history'])
        expect(await stack.inspect(service, '{{.State.ExitCode}}')).toEqual(['0']);
    },
    2 * MINUTE_MS,
  );
});
