import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import type { Socket } from 'socket.io-client';

/** How a kind of client asks for an answer and hears it. */
interface Dialect {
  readonly namespace: string;
  /** Asks on a connected socket; resolves when the answer has ended. `take` gets each new piece of the text. */
  readonly ask: (socket: Socket, prompt: string, take: (text: string) => void) => Promise<void>;
}

type Piece = readonly [handle: number, offset: number, text: string];

const native: Dialect = {
  namespace: NATIVE_NAMESPACE,
  ask: (socket, prompt, take) =>
    whenTold(socket, 'answer-ended', fail => {
      let held = 0;
      socket.on('answer-started', ({ epoch }: { epoch: number }) => {
        if (epoch !== 1) fail(new Error(`epoch ${epoch}`));
      });
      socket.on('piece', ([, offset, text]: Piece) => {
        if (offset !== held) fail(new Error(`offset ${offset}, held ${held}`));
        held += text.length;
        take(text);
      });
      const message = { conversationId: randomUUID(), clientMessageId: randomUUID(), content: prompt };
      socket.emit('send', message, refuseUnlessOk(fail));
    }),
};

/** The dialect of the original design, which has no acknowledgements: the text so far, again and again. */
const stream: Dialect = {
  namespace: '/',
  ask: (socket, prompt, take) =>
    whenTold(socket, 'stream_complete', () => {
      let held = 0;
      socket.on('stream_chunk', ({ content }: { content: string }) => {
        take(content.slice(held));
        held = content.length;
      });
      const conversationId = randomUUID();
      socket.emit('join_conversation', { conversationId });
      socket.emit('stream_chat', { message: prompt, conversationId });
    }),
};

/** What the bare relay speaks: text and an end. */
const relay: Dialect = {
  namespace: '/',
  ask: (socket, prompt, take) =>
    whenTold(socket, 'end', () => {
      socket.on('delta', take);
      socket.emit('ask', prompt);
    }),
};

export const dialects = { native, stream, relay } as const;
export type DialectName = keyof typeof dialects;

function whenTold(socket: Socket, end: string, begin: (fail: (error: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(end, () => resolve());
    socket.once('disconnect', reason => reject(new Error(`disconnected: ${reason}`)));
    socket.once('error', (error: { message: string }) => reject(new Error(error.message)));
    begin(reject);
  });
}

function refuseUnlessOk(fail: (error: Error) => void): (ack: { ok: boolean }) => void {
  return ack => {
    if (!ack.ok) fail(new Error(`refused: ${JSON.stringify(ack)}`));
  };
}
