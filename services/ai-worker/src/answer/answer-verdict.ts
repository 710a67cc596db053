import { ProviderError } from '../providers/provider-error.ts';
import type { AnswerEnding } from '@parley/platform';
import type { PumpResult } from './pump.ts';

/** What a worker does about a run that has ended. */
export type Verdict =
  | { readonly action: 'finish'; readonly ending: AnswerEnding }
  /** There is no text: the apology becomes the text. */
  | { readonly action: 'apologize' }
  /** Somebody else has the answer. */
  | { readonly action: 'keep-silent' }
  /** The provider has been asked for nothing: the run is given back and the job waits. */
  | { readonly action: 'wait'; readonly ms: number }
  | { readonly action: 'run-again'; readonly error: unknown };

export interface Allowance {
  /** No further run is allowed. */
  readonly lastRun: boolean;
  /** Milliseconds for which the job may still wait. */
  readonly patienceMs: number;
}

/** Kinds of failure after which another run fails the same way. */
const HOPELESS = new Set(['rejected', 'refused-key', 'rate-limited']);

export function verdictOn(result: PumpResult, allowance: Allowance): Verdict {
  switch (result.reason) {
    case 'complete':
      // An end without text (a content filter, all tokens spent on thinking) is no answer to show.
      return result.text === ''
        ? { action: 'apologize' }
        : finish({ status: 'complete', ...usageIn(result) });
    case 'stopped':
    case 'superseded':
      return finish({ status: result.reason });
    case 'replaced':
      return { action: 'keep-silent' };
    case 'cancelled':
      return { action: 'run-again', error: new Error('The run was cancelled') };
    case 'failed':
      return verdictOnFailure(result.error, result.text, allowance);
  }
}

function verdictOnFailure(error: unknown, text: string, { lastRun, patienceMs }: Allowance): Verdict {
  if (error instanceof ProviderError) {
    const mayWait = error.kind === 'rate-limited' && error.retryAfterMs <= patienceMs;
    if (mayWait && text === '') return { action: 'wait', ms: error.retryAfterMs };
    if (HOPELESS.has(error.kind) && (text === '' || error.kind === 'rejected')) return giveUp(text);
  }
  return lastRun ? giveUp(text) : { action: 'run-again', error };
}

function giveUp(text: string): Verdict {
  return text === '' ? { action: 'apologize' } : finish({ status: 'interrupted' });
}

function finish(ending: AnswerEnding): Verdict {
  return { action: 'finish', ending };
}

function usageIn({ usage }: { usage?: AnswerEnding['usage'] }): Pick<AnswerEnding, 'usage'> {
  return usage ? { usage } : {};
}
