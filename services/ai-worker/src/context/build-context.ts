import { isClosed, type Message } from '@parley/contracts';
import { sliceByTokens } from 'tokenx';
import type { ContextMessage } from '../providers/provider.ts';
import { TOKENS_PER_MESSAGE, tokensOf } from './tokens-of.ts';
import { withoutHiddenText } from './without-hidden-text.ts';

export interface ContextLimits {
  /** Messages of the conversation, the system prompt not counted. */
  readonly maxMessages: number;
  /** Estimated tokens of those messages. */
  readonly maxTokens: number;
}

/** More characters than that per token no text has; what is longer need not be counted to be too long. */
const MAX_CHARS_PER_TOKEN = 16;

/**
 * What the model reads: the system prompt, then as many of the newest messages as fit. The question, which is the newest
 * message of a user, is always among them, without its beginning if it is too long by itself.
 *
 * @param messages oldest first, up to the question.
 */
export function buildContext(
  messages: readonly Message[],
  systemPrompt: string,
  { maxMessages, maxTokens }: ContextLimits,
): ContextMessage[] {
  const question = messages.findLastIndex(({ role }) => role === 'user');
  const spoken = messages.slice(0, question + 1).flatMap(toContext);
  const chosen: ContextMessage[] = [];
  let left = maxTokens;
  for (const message of spoken.reverse()) {
    if (chosen.length >= maxMessages) break;
    const cost = costOf(message.content, left);
    if (cost > left && chosen.length > 0) break;
    chosen.push(cost > left ? cutAtFront(message, left) : message);
    left -= cost;
  }
  // A conversation that begins with an answer confuses models; the question stays, so this ends.
  while (chosen.at(-1)?.role === 'assistant') chosen.pop();
  return [{ role: 'system', content: systemPrompt }, ...chosen.reverse()];
}

/**
 * To the model an admin's words are its own: it spoke through a person. Notices (`system`) are for people, and an answer that
 * failed is an apology that would only teach the model to apologize.
 */
function toContext({ role, status, content }: Message): ContextMessage[] {
  if (role === 'system' || status === 'failed' || !isClosed(status) || content === '') return [];
  return [{ role: role === 'user' ? 'user' : 'assistant', content: withoutHiddenText(content) }];
}

function costOf(text: string, limit: number): number {
  return text.length > limit * MAX_CHARS_PER_TOKEN ? Infinity : tokensOf(text);
}

function cutAtFront({ role, content }: ContextMessage, maxTokens: number): ContextMessage {
  const tokens = Math.max(maxTokens - TOKENS_PER_MESSAGE, 1);
  const end = content.slice(-tokens * MAX_CHARS_PER_TOKEN);
  // Half a character that the cut has left is no text.
  return { role, content: sliceByTokens(end, -tokens).replace(/^[\uDC00-\uDFFF]/, '') };
}
