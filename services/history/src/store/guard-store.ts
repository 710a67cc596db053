import { ParleyError } from '@parley/contracts';
import type { ConversationStore } from './conversation-store.ts';

const RETRY_AFTER_MS = 1_000;

export interface StoreGuard {
  /** Tells an error of the database from one of ours. */
  readonly isFailure: (error: unknown) => boolean;
  /** Called with each of them. */
  readonly onFailure: (error: unknown) => void;
}

/** The same store, whose database's errors are `HISTORY_UNAVAILABLE`: worth another try. */
export function guardStore(
  store: ConversationStore,
  { isFailure, onFailure }: StoreGuard,
): ConversationStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        try {
          return (await Reflect.apply(member, target, args)) as unknown;
        } catch (error) {
          if (!isFailure(error)) throw error;
          onFailure(error);
          throw new ParleyError('HISTORY_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause: error });
        }
      };
    },
  });
}
