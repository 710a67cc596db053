import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, generatedPieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient, send, shownText } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

/** So much text that a client of the dialect `stream` is shown it with long pauses in between. */
const ENOUGH_CHARS = 9_000;
/** What brings text of the AI to a client, or the end of it. */
const OF_THE_AI = [
  'answer-started',
  'piece',
  'answer-ended',
  'stream_start',
  'stream_chunk',
  'stream_complete',
];

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(
    generatedPieces(10_000, index => `This is sentence ${index}, and it goes on and on and on. `, {
      everyMs: 5,
    }),
  );
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

/** An answer that streams to clients of all dialects on both gateways, and everything they hear, in order. */
class Scene implements Disposable {
  readonly conversationId = randomUUID();
  readonly heard: string[] = [];
  readonly natives: RecordingClient[] = [];
  readonly streams: RecordingClient[] = [];
  readonly supports: RecordingClient[] = [];
  admin!: RecordingClient;

  static async streaming(): Promise<Scene> {
    const scene = new Scene();
    const { conversationId } = scene;
    const visitor = await nativeClient(urlA);
    scene.natives.push(visitor, await nativeClient(urlB));
    for (const url of [urlA, urlB]) {
      scene.streams.push(await RecordingClient.connect(url));
      scene.supports.push(await RecordingClient.connect(url));
    }
    scene.admin = await nativeClient(urlB, cluster.adminToken);
    for (const native of scene.natives) await native.ask('resume', { conversationId });
    for (const stream of scene.streams) await stream.ask('join_conversation', { conversationId });
    for (const support of scene.supports) await support.ask('init_session', { sessionId: conversationId });
    for (const client of scene.#clients) {
      client.socket.onAny((event: string, payload: { isAI?: boolean }) => {
        if (OF_THE_AI.includes(event) || payload.isAI === true) scene.heard.push(event);
      });
    }
    const { answerId } = await send(visitor, conversationId, 'Talk to me');
    for (const native of scene.natives)
      await waitFor(() => shownText(native, answerId).length > ENOUGH_CHARS, { what: 'a long text' });
    return scene;
  }

  /** Resolves when it is acknowledged. */
  async takeOver(): Promise<void> {
    const takeover = { conversationId: this.conversationId, mode: 'human' };
    const acked = Promise.withResolvers<unknown>();
    this.admin.socket.emit('set-mode', takeover, (ack: unknown) => {
      // Sockets that became readable while this process was busy are read in no order, but all in one turn of its loop: what
      // came before the acknowledgement has been read when the turn is over.
      setImmediate(() => {
        this.heard.push('ack');
        acked.resolve(ack);
      });
    });
    expect(await acked.promise).toEqual({ ok: true });
  }

  /** Everybody has been told the end, which is the text that is stored and was shown, and nothing came after the ack. */
  async expectSilenceSinceAck(): Promise<void> {
    const ends: unknown[] = [];
    for (const native of this.natives) ends.push((await native.until('answer-ended')).content);
    for (const stream of this.streams) {
      await stream.until('stream_complete');
      ends.push(stream.all('stream_chunk').at(-1)?.content);
    }
    for (const support of this.supports)
      ends.push((await support.until('message', ({ isAI }) => isAI === true)).content);
    // What was sent to them before this has arrived when it is answered.
    const { conversationId } = this;
    for (const native of this.natives) await native.ask('typing', { conversationId, isTyping: false });
    for (const stream of this.streams) await stream.ask('join_conversation', { conversationId });
    for (const support of this.supports) await support.ask('init_session', { sessionId: conversationId });

    const { body } = await call(urlA, `/api/conversations/${conversationId}`);
    const stored = body.messages[1].content as string;
    expect(new Set(ends)).toEqual(new Set([stored]));
    for (const native of this.natives) {
      const { id, status } = await native.until('answer-ended');
      expect(status).toBe('stopped');
      expect(shownText(native, id)).toBe(stored);
    }
    expect(this.heard.slice(this.heard.indexOf('ack') + 1)).toEqual([]);
  }

  get #clients(): RecordingClient[] {
    return [...this.natives, ...this.streams, ...this.supports];
  }

  [Symbol.dispose](): void {
    for (const client of [this.admin, ...this.#clients]) client[Symbol.dispose]();
  }
}

test.each(Array.from({ length: 10 }, (_, index) => index + 1))(
  'once it is acknowledged, no client hears the AI any more: time %i',
  async () => {
    using scene = await Scene.streaming();
    const aborted = provider.aborted;
    await scene.takeOver();
    await waitFor(() => provider.aborted === aborted + 1, { what: 'the provider to see the abort' });
    await scene.expectSilenceSinceAck();
  },
);

test('a gateway that is behind is waited for', async () => {
  using scene = await Scene.streaming();
  const { conversationId, admin, natives } = scene;
  cluster.gateways[0]?.pause();
  const takenOver = scene.takeOver();
  await natives[1]?.until('mode');
  // An acknowledgement that waited for nobody would be here by now.
  await admin.ask('typing', { conversationId, isTyping: false });
  await admin.ask('resume', { conversationId });
  cluster.gateways[0]?.resume();
  await takenOver;
  await scene.expectSilenceSinceAck();
});

test('a worker that hangs is not waited for, and says no more when it comes to', async () => {
  using scene = await Scene.streaming();
  for (const worker of cluster.workers) worker.pause();
  const aborted = provider.aborted;
  await scene.takeOver();
  await scene.expectSilenceSinceAck();
  for (const worker of cluster.workers) worker.resume();
  await waitFor(() => provider.aborted === aborted + 1, { what: 'the provider to see the abort' });
  await scene.expectSilenceSinceAck();
});
