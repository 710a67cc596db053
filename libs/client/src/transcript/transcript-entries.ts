import type { Transcript, TranscriptEntry } from './transcript.ts';

/** The transcript with `entries` as its parts demand, compared with what it was before. */
export function withEntries(before: Transcript, after: Transcript): Transcript {
  const isSame =
    before.messages === after.messages &&
    before.answers === after.answers &&
    before.outgoing === after.outgoing;
  return isSame ? after : { ...after, entries: inOrder(after) };
}

/** Messages by `seq`, each answer under way at its place, own messages that are not stored yet at the end. */
function inOrder({ messages, answers, outgoing }: Transcript): TranscriptEntry[] {
  const entries: TranscriptEntry[] = [...messages];
  for (const answer of answers) {
    const at = entries.findLastIndex(entry => placeOf(entry) <= answer.after);
    entries.splice(at + 1, 0, answer);
  }
  if (outgoing.length === 0) return entries;
  // Stored already, only the acknowledgement is still on its way.
  const stored = new Set(messages.map(({ clientMessageId }) => clientMessageId));
  return [...entries, ...outgoing.filter(({ clientMessageId }) => !stored.has(clientMessageId))];
}

function placeOf(entry: TranscriptEntry): number {
  if (entry.kind === 'message') return entry.seq;
  return entry.kind === 'answer' ? entry.after : Infinity;
}
