import { nativeServerEvents, type AnswerPiece, type Payload } from '@parley/contracts';

type Catalog = typeof nativeServerEvents;
type Name = keyof Catalog;
type Parsed = { readonly [E in Name]: { readonly type: E; readonly payload: Payload<Catalog, E> } }[Name];

type Attempt = Omit<AnswerPiece, 'offset' | 'text'>;

/** Something that the server says of its own accord, with answers named in full where the wire has handles. */
export type ServerEvent =
  | Exclude<Parsed, { type: 'answer-started' | 'piece' }>
  | { readonly type: 'answer-started'; readonly payload: Attempt }
  | { readonly type: 'answer-piece'; readonly payload: AnswerPiece }
  /** A piece of an answer of which this connection has not been told: a resume tells it, and what the piece was. */
  | { readonly type: 'unknown-piece' };

/** What is said of a conversation, without what concerns the connection alone. */
export type ConversationEvent = Exclude<ServerEvent, { type: 'draining' | 'unknown-piece' }>;

/** Reads what comes over one connection; what the server's handles stand for is told on that connection. */
export class ServerEventReader {
  readonly #handles = new Map<number, Attempt>();

  /** @returns undefined if this client does not know the event or cannot read it. */
  read(type: string, payload: unknown): ServerEvent | undefined {
    const event = parse(type, payload);
    if (event?.type === 'piece') {
      const [handle, offset, text] = event.payload;
      const attempt = this.#handles.get(handle);
      if (!attempt) return { type: 'unknown-piece' };
      return { type: 'answer-piece', payload: { ...attempt, offset, text } };
    }
    if (event?.type === 'answer-started') {
      const { handle, ...attempt } = event.payload;
      this.#handles.set(handle, attempt);
      return { type: 'answer-started', payload: attempt };
    }
    if (event?.type === 'answer-ended') this.#forget(event.payload.id);
    return event;
  }

  #forget(ended: string): void {
    for (const [handle, { answerId }] of this.#handles) if (answerId === ended) this.#handles.delete(handle);
  }
}

function parse(type: string, payload: unknown): Parsed | undefined {
  if (!Object.hasOwn(nativeServerEvents, type)) return undefined;
  const parsed = nativeServerEvents[type as Name].payload.safeParse(payload);
  return parsed.success ? ({ type, payload: parsed.data } as Parsed) : undefined;
}
