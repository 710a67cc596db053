import type { Usage } from '@parley/contracts';
import { endAskedBy } from '@parley/platform';
import type { AnswerEnd } from '../providers/provider.ts';
import type { Refusal } from './merging-writer.ts';

/**
 * Why an answer's text has ended.
 *
 * - `complete`: the provider said so.
 * - `stopped`, `superseded`: somebody has asked for it.
 * - `replaced`: another epoch writes, or nobody may; say nothing more.
 * - `cancelled`: this process must let go of it.
 * - `failed`: the provider, or the answer log.
 */
export type Ending =
  | { readonly reason: 'complete'; readonly finishReason: AnswerEnd['reason']; readonly usage?: Usage }
  | { readonly reason: 'stopped' | 'superseded' | 'replaced' | 'cancelled' }
  | { readonly reason: 'failed'; readonly error: unknown };

/** What a refused write means for the answer. */
export function endingOf(refusal: Refusal): Ending {
  switch (refusal.by) {
    case 'stopping':
    case 'superseding':
      return { reason: endAskedBy(refusal.by) };
    case 'replaced':
    case 'finished':
      return { reason: 'replaced' };
    case 'error':
      return { reason: 'failed', error: refusal.error };
  }
}
