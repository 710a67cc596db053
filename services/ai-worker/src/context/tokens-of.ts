import { estimateTokenCount } from 'tokenx';

/** What a provider adds to each message to mark where it begins and who wrote it. */
export const TOKENS_PER_MESSAGE = 4;

/** Estimated tokens of one message. */
export function tokensOf(text: string): number {
  return estimateTokenCount(text) + TOKENS_PER_MESSAGE;
}
