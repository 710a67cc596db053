import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { expect, onTestFinished, test } from 'vitest';
import { StreamWatcher } from './streamed-texts.ts';

/** A gateway that has the same to say to everybody who joins. */
async function startServer(chunks: readonly { content: string; isComplete: boolean }[]): Promise<string> {
  const http = createServer();
  const server = new Server(http);
  onTestFinished(() => server.close());
  server.on('connection', socket => {
    socket.on('join_conversation', (_conversation, acknowledge: (ack: { ok: true }) => void) => {
      for (const chunk of chunks) socket.emit('stream_chunk', { messageId: 'a', ...chunk });
      acknowledge({ ok: true });
    });
  });
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

test('a watcher keeps every chunk that it was shown, not only the last one before the end', async () => {
  const contents = ['On', 'Oen', 'One', 'On', 'One an'];
  const chunks = contents.map(content => ({ content, isComplete: false }));
  const url = await startServer([...chunks, { content: 'One answer', isComplete: true }]);
  using watcher = new StreamWatcher(url, 'c');
  await watcher.joined(5_000);
  expect(watcher.texts.of('a')).toEqual(['On', 'Oen', 'One', 'One an']);
  expect(watcher.wholeTexts.of('a')).toEqual(['One answer']);
  expect(watcher.texts.of('b')).toEqual([]);
});
