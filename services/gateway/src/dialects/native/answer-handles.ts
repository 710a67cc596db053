import type { LiveAnswer } from '../../feed/live-answer.ts';

interface Held {
  readonly epoch: number;
  readonly handle: number;
}

/** The numbers that stand for the answers under way here, in place of their ids. A new epoch gets a new one. */
export class AnswerHandles {
  #last = 0;
  readonly #ofConversation = new Map<string, Map<string, Held>>();

  of(conversationId: string, { answerId, epoch }: Pick<LiveAnswer, 'answerId' | 'epoch'>): number {
    const answers = this.#ofConversation.get(conversationId) ?? new Map<string, Held>();
    const held = answers.get(answerId);
    if (held?.epoch === epoch) return held.handle;
    const handle = ++this.#last;
    this.#ofConversation.set(conversationId, answers.set(answerId, { epoch, handle }));
    return handle;
  }

  forgetAnswer(conversationId: string, answerId: string): void {
    this.#ofConversation.get(conversationId)?.delete(answerId);
  }

  forgetConversation(conversationId: string): void {
    this.#ofConversation.delete(conversationId);
  }
}
