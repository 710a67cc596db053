import { isClosed, type AnswerClaim, type EndAs, type Message } from '@parley/contracts';
import type { AnswerRef } from '@parley/platform';
import { trusted, type Model, type QueryFilter, type UpdateQuery } from 'mongoose';
import type {
  ClaimRequest,
  Clock,
  FinishedAnswer,
  FinishResult,
  Pen,
  RequestedEnd,
  StoredClaim,
  UnfinishedPage,
  UnfinishedQuery,
} from '../conversation-store.ts';
import { finalStatus } from '../final-status.ts';
import { nextAnswersOf } from '../unfinished-page.ts';
import type { MongoConversations } from './mongo-conversations.ts';
import { toMessage } from './mongo-documents.ts';
import type { MongoMessages } from './mongo-messages.ts';
import type { MessageDocument } from './mongo-models.ts';
import type { MongoTurns } from './mongo-turns.ts';

const unwished = () => ({ endAs: trusted({ $exists: false }) });
/** What makes a claim happen once, however often it is made. */
const unclaimedBy = (claimId: string) => ({ claimId: trusted({ $ne: claimId }) });

/** The life of answers. Each step is one atomic update of one document. */
export class MongoAnswers {
  readonly #model: Model<MessageDocument>;
  readonly #clock: Clock;
  readonly #conversations: MongoConversations;
  readonly #messages: MongoMessages;
  readonly #turns: MongoTurns;

  constructor(
    model: Model<MessageDocument>,
    clock: Clock,
    conversations: MongoConversations,
    messages: MongoMessages,
    turns: MongoTurns,
  ) {
    this.#model = model;
    this.#clock = clock;
    this.#conversations = conversations;
    this.#messages = messages;
    this.#turns = turns;
  }

  async claim(request: ClaimRequest): Promise<StoredClaim> {
    const { conversationId, answerId, claimId, maxRuns } = request;
    const run = await this.#change(
      request,
      { runs: trusted({ $lt: maxRuns }), ...unwished(), ...unclaimedBy(claimId) },
      { $inc: { epoch: 1, runs: 1 }, $set: { status: 'streaming', claimId, claimOutcome: 'run' } },
    );
    // Read after the claim: a takeover either is seen here, or sees the claimed answer and fences it.
    const conversation = await this.#conversations.get(conversationId);
    if (!conversation) {
      await this.#messages.deleteAll(conversationId);
      return undefined;
    }
    const isHuman = conversation.mode === 'human';
    const closed = isHuman ? await this.#close(request, unwished(), 'superseded') : undefined;
    if (closed) return { claim: { outcome: 'closed' }, closed };
    const mayRun = isHuman ? null : run;
    const claimed = mayRun ?? (await this.#fence(request)) ?? (await this.#claimedBefore(request));
    if (claimed) return { claim: await this.#claimOf(claimed, request) };
    return (await this.#messages.get(conversationId, answerId)) && { claim: { outcome: 'closed' } };
  }

  async release(answer: AnswerRef, epoch: number): Promise<boolean> {
    const released = await this.#change(
      answer,
      { epoch, status: 'streaming', ...unwished() },
      { $inc: { runs: -1 }, $set: { status: 'pending' } },
    );
    if (released) return true;
    const { conversationId, answerId } = answer;
    const current = await this.#messages.get(conversationId, answerId);
    return current?.status === 'pending' && current.epoch === epoch;
  }

  async requestEnd(answer: AnswerRef, as: EndAs): Promise<RequestedEnd | undefined> {
    const { conversationId, answerId } = answer;
    // First, so that no claim lets a worker run from here on.
    const weaker = as === 'superseded' ? { endAs: trusted({ $ne: as }) } : unwished();
    await this.#change(answer, { role: 'assistant', ...weaker }, { $set: { endAs: as } });
    const wished = await this.#model.findOne({ _id: answerId, conversationId }).lean<MessageDocument>();
    if (wished?.role !== 'assistant') return undefined;
    if (isClosed(wished.status)) return { outcome: 'ended' };
    const { epoch = 0, endAs = as } = wished;
    const closed = await this.#close(answer, { status: 'pending' }, endAs);
    return closed ? { outcome: 'closed', message: closed } : { outcome: 'wished', epoch, as: endAs };
  }

  async pen({ conversationId, answerId }: AnswerRef, epoch: number): Promise<Pen> {
    const open = await this.#model.findOne({ _id: answerId, openIn: conversationId }).lean<MessageDocument>();
    if (!open) return { held: false };
    return { held: open.epoch === epoch, ...(open.endAs !== undefined && { endAs: open.endAs }) };
  }

  async finish(finished: FinishedAnswer): Promise<FinishResult> {
    const { conversationId, answerId, epoch } = finished;
    const stored = await this.#store(finished);
    const message = stored ? toMessage(stored) : await this.#messages.get(conversationId, answerId);
    if (!message) return { outcome: 'unknown' };
    if (!stored && !(isClosed(message.status) && message.epoch === epoch)) return { outcome: 'stale' };
    // Also on a repeat: whoever stored it may have died before this.
    await this.#conversations.touch(message);
    return { outcome: stored ? 'stored' : 'repeat', message };
  }

  async next(conversationId: string): Promise<Message | undefined> {
    const [first] = await this.#openRecords(conversationId).limit(1);
    return first?.role === 'assistant' ? toMessage(first) : undefined;
  }

  async openIn(conversationId: string): Promise<Message[]> {
    const documents = await this.#openRecords(conversationId);
    return documents.map(toMessage).filter(message => message.role === 'assistant');
  }

  async listOpen(query: UnfinishedQuery): Promise<UnfinishedPage> {
    return nextAnswersOf(await this.#turns.openRecords(query), query);
  }

  async #store(finished: FinishedAnswer): Promise<MessageDocument | null> {
    const { conversationId, answerId, epoch, text, usage } = finished;
    const open = await this.#model
      .findOne({ _id: answerId, openIn: conversationId, epoch })
      .lean<MessageDocument>();
    if (!open) return null;
    const { endAs, replyTo = '' } = open;
    const question = (await this.#messages.get(conversationId, replyTo))?.status;
    const status = finalStatus({ status: finished.status, endAs, question });
    const stored = await this.#change(
      finished,
      { epoch, ...(endAs === undefined ? unwished() : { endAs }) },
      {
        $set: { status, content: text.toWellFormed(), ...(usage !== undefined && { usage }) },
        $unset: { openIn: 1 },
      },
    );
    // Wished meanwhile, which happens twice at most; or no longer ours.
    return stored ?? this.#store(finished);
  }

  async #fence({ claimId, ...answer }: ClaimRequest): Promise<MessageDocument | null> {
    const update = { $inc: { epoch: 1 }, $set: { claimId, claimOutcome: 'exhausted' } } as const;
    return this.#change(answer, unclaimedBy(claimId), update);
  }

  async #claimedBefore(request: ClaimRequest): Promise<MessageDocument | null> {
    const { conversationId, answerId, claimId } = request;
    return this.#model.findOne({ _id: answerId, openIn: conversationId, claimId }).lean<MessageDocument>();
  }

  async #claimOf(claimed: MessageDocument, { maxRuns, contextMessages }: ClaimRequest): Promise<AnswerClaim> {
    const { epoch = 0, endAs, claimOutcome, runs = 0 } = claimed;
    if (endAs !== undefined) return { outcome: 'exhausted', epoch, endAs };
    if (claimOutcome === 'exhausted') return { outcome: 'exhausted', epoch };
    const context = await this.#messages.context(toMessage(claimed), contextMessages);
    return { outcome: 'run', epoch, lastRun: runs >= maxRuns, context };
  }

  /** The epoch goes up, so that a text that was on its way comes too late. */
  async #close(
    answer: AnswerRef,
    conditions: QueryFilter<MessageDocument>,
    status: EndAs,
  ): Promise<Message | undefined> {
    const closed = await this.#change(answer, conditions, {
      $inc: { epoch: 1 },
      $set: { status },
      $unset: { openIn: 1 },
    });
    return closed ? toMessage(closed) : undefined;
  }

  #openRecords(conversationId: string) {
    return this.#model.find({ openIn: conversationId }).sort({ seq: 1 }).lean<MessageDocument[]>();
  }

  /** Changes an answer if it is open and the conditions hold. */
  async #change(
    { conversationId, answerId }: AnswerRef,
    conditions: QueryFilter<MessageDocument>,
    { $set, ...update }: UpdateQuery<MessageDocument>,
  ): Promise<MessageDocument | null> {
    return this.#model
      .findOneAndUpdate(
        { _id: answerId, openIn: conversationId, ...conditions },
        { ...update, $set: { ...$set, updatedAt: this.#clock().toISOString() } },
        { returnDocument: 'after' },
      )
      .lean<MessageDocument>();
  }
}
