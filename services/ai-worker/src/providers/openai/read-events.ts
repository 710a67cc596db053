import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';
import { ProviderError } from '../provider-error.ts';

/** Longest event. The largest honest one repeats a whole answer; memory for more than that is not given away. */
const MAX_EVENT_CHARS = 2_000_000;
/** How long the footnotes of an ended answer (usage, end marker, end of body) are waited for. */
const TAIL_MS = 2_000;

/**
 * What an event's handler asks for: nothing, a pause until the promise is fulfilled, not to wait long for more, or no more.
 */
export type Flow = undefined | Promise<void> | 'tail' | 'last';

/**
 * Reads the server-sent events of a body and hands over their data, as it comes from the socket. Resolves when the handler
 * has had the last one, or the body ends, is cut or destroyed: what that means, the handler knows.
 *
 * @throws whatever the handler throws, and ProviderError if an event is too large; the body is destroyed then.
 */
export function readEvents(body: Readable, onEvent: (data: string) => Flow): Promise<void> {
  return new Promise((resolve, reject) => {
    let over = false;
    let tail: NodeJS.Timeout | undefined;
    const finish = (): void => {
      over = true;
      clearTimeout(tail);
      leave(body);
      resolve();
    };
    const handle = (data: string): void => {
      // A socket read may hold events behind the last one.
      if (over) return;
      const flow = onEvent(data);
      if (flow === 'last') finish();
      else if (flow === 'tail') tail ??= setTimeout(finish, TAIL_MS);
      else if (flow) pauseUntil(body, flow);
    };
    const parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onEvent: ({ data }) => handle(data),
      onError: error => {
        if (error.type === 'max-buffer-size-exceeded')
          throw new ProviderError('malformed', `an event of more than ${MAX_EVENT_CHARS} characters`);
      },
    });
    // Also puts together characters that two reads share.
    body.setEncoding('utf8');
    body.on('data', (text: string) => {
      try {
        if (!over) parser.feed(text);
      } catch (error) {
        over = true;
        clearTimeout(tail);
        body.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // 'close' comes after an end, a cut and an abort alike.
    body.on('error', () => undefined);
    body.on('end', finish);
    body.on('close', finish);
  });
}

function pauseUntil(body: Readable, moment: Promise<void>): void {
  body.pause();
  void moment.then(() => body.resume());
}

/** Lets the rest flow by, so that the connection can be used again, but not for ever. */
function leave(body: Readable): void {
  if (body.destroyed || body.readableEnded) return;
  body.resume();
  const timer = setTimeout(() => body.destroy(), TAIL_MS).unref();
  body.once('close', () => clearTimeout(timer));
}
