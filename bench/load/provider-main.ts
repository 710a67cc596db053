import { fromPrompt } from './answer-order.ts';
import { PacedProvider, type PacedAnswer } from './paced-provider.ts';
import { serveRole } from './serve-role.ts';
import { stampedToken, TOKEN_END } from './stamp.ts';

/** Six characters with the blank, which is what a token of English text comes to. */
const WORD = `token${TOKEN_END}`;

const provider = await PacedProvider.start(ordered);

const calls = { baseUrl: (_: undefined) => Promise.resolve(provider.baseUrl) };
export type ProviderCalls = typeof calls;
serveRole(calls);

function ordered(prompt: string, key: string): PacedAnswer {
  const { tokens, everyMs, form } = fromPrompt(prompt);
  const askedNs = process.hrtime.bigint();
  const make = {
    stamps: (index: number) => stampedToken(index === 0 ? askedNs : undefined),
    words: () => WORD,
    key: (index: number) => (index === 0 ? `${key}${TOKEN_END}` : WORD),
  };
  return { tokens, everyMs, token: make[form] };
}
