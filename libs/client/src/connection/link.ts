import type { ErrorBody } from '@parley/contracts';
import type { ServerEvent } from './server-event.ts';

export interface LinkListener {
  connected(): void;
  event(event: ServerEvent): void;
  /** Called once. `refusal`: the server's reason, if it gave one. */
  lost(refusal?: ErrorBody): void;
}

/** One connection to a server, from its first attempt to its end; it does not come back by itself. */
export interface Link {
  /** Resolves with the raw acknowledgement, or with undefined at the deadline or when the connection is lost. */
  ask(event: string, payload: unknown, deadlineMs: number): Promise<unknown>;
  /** Sends without waiting for anything. */
  tell(event: string, payload: unknown): void;
  /** After it the listener hears nothing more. */
  close(): void;
}

export interface LinkTarget {
  readonly url: string;
  readonly token: string | undefined;
}

export type OpenLink = (target: LinkTarget, listener: LinkListener) => Link;
