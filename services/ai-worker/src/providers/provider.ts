import type { Usage } from '@parley/contracts';

/** One message of the context that a model reads. */
export interface ContextMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ProviderRequest {
  /** Oldest first; the last one is the question. */
  readonly messages: readonly ContextMessage[];
  /** Aborts the call, and whatever connection it holds. */
  readonly signal: AbortSignal;
}

/**
 * Takes a piece of text, which may end in half a surrogate pair. A promise asks for no more text until it is fulfilled.
 *
 * A call, and not an async iterator: reading costs a worker most of its time, and one iterator alone costs a fifth of that.
 */
export type OnText = (text: string) => Promise<void> | undefined;

/** How the provider itself said that the answer has ended. */
export interface AnswerEnd {
  readonly reason: 'stop' | 'length' | 'content_filter';
  readonly usage?: Usage;
}

/** A model that answers, in pieces. */
export interface Provider {
  /**
   * Resolves only when the provider has said that the answer is complete.
   *
   * @throws ProviderError
   */
  stream(request: ProviderRequest, onText: OnText): Promise<AnswerEnd>;
  /** Milliseconds after which it is worth asking; 0 is now. */
  readyInMs(): Promise<number>;
}
