import { isClosed, type MessageStatus, type NativeMessage } from '@parley/contracts';
import type { StoredMessage } from './transcript.ts';

/**
 * The held messages and the incoming ones, by `seq`. Versions of one message may arrive in any order: a status never goes
 * back. Returns `held` itself if nothing is new.
 */
export function mergeMessages(
  held: readonly StoredMessage[],
  incoming: readonly NativeMessage[],
): readonly StoredMessage[] {
  const bySeq = new Map(held.map(message => [message.seq, message]));
  let changed = false;
  for (const message of incoming) {
    const before = bySeq.get(message.seq);
    if (before && (age(message.status) < age(before.status) || isSame(message, before))) continue;
    bySeq.set(message.seq, { kind: 'message', ...message });
    changed = true;
  }
  return changed ? [...bySeq.values()].sort((a, b) => a.seq - b.seq) : held;
}

/**
 * The newest `seq` that lies before every open answer and before the newest user message that counts. If that one lies
 * before `firstSeq`, nothing from there on is settled.
 */
export function settledBefore(
  messages: readonly StoredMessage[],
  firstOpenSeq: number,
  firstSeq: number,
): number {
  const newestQuestion = messages.findLast(({ role, status }) => role === 'user' && status !== 'superseded');
  const firstUnsettled = Math.min(firstOpenSeq, newestQuestion?.seq ?? (firstSeq || Infinity));
  return Math.max(Math.min(messages.at(-1)?.seq ?? 0, firstUnsettled - 1), firstSeq - 1);
}

function age(status: MessageStatus): number {
  if (status === 'superseded') return 2;
  return isClosed(status) ? 1 : 0;
}

function isSame(message: NativeMessage, before: StoredMessage): boolean {
  return (Object.keys(message) as (keyof NativeMessage)[]).every(field => message[field] === before[field]);
}
