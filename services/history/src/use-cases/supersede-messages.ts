import type { Announcements } from '../effects/announcements.ts';
import type { ConversationStore, SeqRange } from '../store/conversation-store.ts';
import type { EndOpenAnswers } from './end-open-answers.ts';

export interface SupersedeMessagesDeps {
  readonly store: Pick<ConversationStore, 'supersede'>;
  readonly endOpenAnswers: EndOpenAnswers;
  readonly announcements: Announcements;
}

/**
 * Takes a range of messages out of a conversation: what has ended is superseded, what is open ends as such. Whoever watches
 * hears of each.
 *
 * @throws whatever `EndAnswer` throws; may be repeated.
 */
export type SupersedeMessages = (conversationId: string, range: SeqRange) => Promise<void>;

export function supersedeMessages({
  store,
  endOpenAnswers,
  announcements,
}: SupersedeMessagesDeps): SupersedeMessages {
  return async (conversationId, range) => {
    const supersedeEnded = async (): Promise<SeqRange> => {
      const { messages, beforeSeq } = await store.supersede(conversationId, range);
      for (const message of messages) announcements.messageStored(message);
      return { ...range, beforeSeq };
    };
    // Before, because an answer that ends sets the next one off, whose context must be without the range already. And
    // after, for an answer that has completed in between.
    const reached = await supersedeEnded();
    await endOpenAnswers(conversationId, 'superseded', reached);
    await supersedeEnded();
  };
}
