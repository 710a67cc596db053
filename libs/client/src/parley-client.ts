import type { ConversationMode } from '@parley/contracts';
import { browserEnvironment } from './browser/browser-environment.ts';
import { ChatSession } from './chat-session.ts';
import type { Transport } from './connection/socket-io-link.ts';
import type { Environment } from './environment.ts';
import type { ParleySnapshot } from './snapshot-store.ts';

export interface ParleyClientOptions extends Partial<Environment> {
  /** Of a gateway, or of what stands in front of several, e.g. `https://chat.example.com`. */
  readonly url: string;
  /**
   * An admin's token, or a visitor's from elsewhere. It is never stored, and what is left unsent with it is sent with it only.
   * Default: a visitor's, got and kept by the client.
   */
  readonly token?: string;
  /** Default: the conversation that the storage remembers, or a new one. */
  readonly conversationId?: string;
  /** Default: WebSocket, and HTTP long-polling where that is not possible. */
  readonly transports?: readonly Transport[];
}

/** A client of one conversation. Its functions need no `this`, so they may be passed on as they are. */
export interface ParleyClient {
  /** Connects and stays connected until `close`. May be started again. */
  readonly start: () => void;
  readonly close: () => void;
  /** Calls the listener after every change, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until something changes. */
  readonly getSnapshot: () => ParleySnapshot;
  /**
   * Says something, also while there is no connection: it is kept until the server has stored it.
   *
   * @returns the message's clientMessageId.
   * @throws ParleyError INVALID_REQUEST, MESSAGE_TOO_LONG, BUSY if too many messages wait already.
   */
  readonly send: (text: string) => string;
  /** Replaces a user message, and everything after it, like `send`. */
  readonly edit: (messageId: string, text: string) => string;
  /** Admins: says something as an admin, like `send`. */
  readonly sayAsAdmin: (text: string) => string;
  /** Sends a message that has failed once more. */
  readonly resend: (clientMessageId: string) => void;
  /** Gives a message up that has not been acknowledged. */
  readonly discard: (clientMessageId: string) => void;
  /**
   * Loads a page of messages before the first one, if `transcript.hasOlder`; calls at the same time share it.
   *
   * @throws ParleyError, BUSY without a connection.
   */
  readonly loadOlder: () => Promise<void>;
  /** Call it at every key, and with `false` when the text is gone. */
  readonly setTyping: (isTyping: boolean) => void;
  /** Ends an answer under way, by default the first one. @throws ParleyError, BUSY without a connection. */
  readonly stop: (answerId?: string) => Promise<void>;
  /**
   * Asks for an answer again, by default that to the newest user message; what comes after it goes with the old one.
   *
   * @throws ParleyError, ANSWER_IN_PROGRESS while it is under way, BUSY without a connection.
   */
  readonly retry: (answerId?: string) => Promise<void>;
  /** Admins: who answers, the AI or people. @throws ParleyError, BUSY without a connection. */
  readonly setMode: (mode: ConversationMode) => Promise<void>;
}

/** Makes a client; it does nothing before its `start`. */
export function createParleyClient({
  url,
  token,
  conversationId,
  transports,
  ...given
}: ParleyClientOptions): ParleyClient {
  const environment: Environment = { ...browserEnvironment(transports), ...given };
  const session = new ChatSession({ url, token, conversationId, environment });
  const { store, outbox } = session;
  return {
    start: () => session.start(),
    close: () => session.close(),
    subscribe: listener => store.subscribe(listener),
    getSnapshot: () => store.snapshot,
    send: text => session.write(text, { role: 'user' }),
    edit: (messageId, text) => session.write(text, { role: 'user', replaces: messageId }),
    sayAsAdmin: text => session.write(text, { role: 'admin' }),
    resend: id => outbox.retry(id),
    discard: id => outbox.discard(id),
    loadOlder: () => session.older.load(),
    setTyping: isTyping => session.setTyping(isTyping),
    stop: answerId => session.stopAnswer(answerId),
    retry: answerId => session.retryAnswer(answerId),
    setMode: mode => session.setMode(mode),
  };
}
