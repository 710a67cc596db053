import type { AnswerEnd, OnText, ProviderRequest } from '../providers/provider.ts';
import type { ProviderKey } from './provider-key.ts';

/** A model that is asked with a key. */
export interface KeyedProvider {
  /**
   * Resolves only when the provider has said that the answer is complete.
   *
   * @throws ProviderError
   */
  stream(request: ProviderRequest, key: ProviderKey, onText: OnText): Promise<AnswerEnd>;
}
