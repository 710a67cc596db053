import {
  isClosed,
  type AnswerPiece,
  type AnswerPosition,
  type ClosedAnswerStatus,
  type NativeMessage,
} from '@parley/contracts';
import type { CallReply } from '../src/connection/native-calls.ts';
import type { TranscriptEvent } from '../src/transcript/transcript-event.ts';

export const CONVERSATION = 'c-1';

type ResumePage = Pick<CallReply<'resume'>, 'messages' | 'hasNewer' | 'hasOlder'>;

interface LiveAnswer {
  epoch: number;
  text: string;
}

/** One conversation as gateway and history keep it, in a few lines: what it tells, and what it answers to a resume. */
export class ModelConversation {
  readonly rows: NativeMessage[] = [];
  readonly live = new Map<string, LiveAnswer>();
  readonly told: TranscriptEvent[] = [];
  mode: 'ai' | 'human' = 'ai';
  readonly #pageSize: number;
  #count = 0;

  /** @param pageSize messages in a page. */
  constructor(pageSize = 1_000) {
    this.#pageSize = pageSize;
  }

  /** A visitor's message and, unless a person answers, the answer it asks for. */
  ask(text: string): void {
    const question = this.#add('user', text, 'complete');
    this.told.push({ type: 'message', payload: question });
    const answer = this.mode === 'ai' ? this.#add('assistant', '', 'pending', question.id) : undefined;
    // The other clients of the conversation get no acknowledgement; whoever loses it is one of those.
    this.told.push({ type: 'sent', payload: { message: question, ...(answer && { answerId: answer.id }) } });
    if (answer)
      this.told.push({
        type: 'queued',
        payload: { conversationId: CONVERSATION, answerId: answer.id, position: 1 },
      });
  }

  say(text: string): void {
    this.told.push({ type: 'message', payload: this.#add('admin', text, 'complete') });
  }

  /** A worker opens an epoch of the first open answer: its first, or one that replaces a dead worker's. */
  begin(): void {
    const open = this.#firstOpen();
    if (!open) return;
    const epoch = (this.live.get(open.id)?.epoch ?? 0) + 1;
    this.live.set(open.id, { epoch, text: '' });
    this.#change(open, { status: 'streaming', epoch });
    this.told.push({
      type: 'answer-started',
      payload: { conversationId: CONVERSATION, answerId: open.id, epoch },
    });
  }

  write(text: string): void {
    const open = this.#firstOpen();
    const live = open && this.live.get(open.id);
    if (!open || !live) return;
    const { epoch } = live;
    this.told.push({
      type: 'answer-piece',
      payload: { conversationId: CONVERSATION, answerId: open.id, epoch, offset: live.text.length, text },
    });
    live.text += text;
  }

  end(status: ClosedAnswerStatus): void {
    const open = this.#firstOpen();
    if (open) this.#end(open, status);
  }

  /** An edit of a question, or a retry of an ended answer: it and everything after it is superseded by a new turn. */
  supersede(role: 'user' | 'assistant', index: number): void {
    const choice = this.rows.filter(row => row.role === role && isCurrent(row) && isClosed(row.status));
    const first = choice[index % choice.length];
    if (!first) return;
    const range = this.rows.filter(row => row.seq >= first.seq && row.status !== 'superseded');
    if (role === 'user') this.ask('edited');
    for (const row of range) {
      if (!isClosed(row.status)) this.#end(row, 'superseded');
      else this.told.push({ type: 'message', payload: this.#change(row, { status: 'superseded' }) });
    }
    if (role === 'assistant') this.#retry(first);
  }

  switchMode(mode: 'ai' | 'human'): void {
    this.mode = mode;
    this.told.push({ type: 'mode', payload: { conversationId: CONVERSATION, mode } });
    if (mode === 'human') {
      for (const row of [...this.rows]) if (!isClosed(row.status)) this.#end(row, 'superseded');
    }
  }

  /** What a resume reads from history; more may happen before it is answered. */
  page(afterSeq: number): ResumePage {
    const newer = this.rows.filter(({ seq }) => seq > afterSeq);
    const isFull = newer.length > this.#pageSize;
    return afterSeq === 0
      ? { messages: newer.slice(-this.#pageSize), hasNewer: false, hasOlder: isFull }
      : { messages: newer.slice(0, this.#pageSize), hasNewer: isFull };
  }

  resume(positions: readonly AnswerPosition[], page: ResumePage): CallReply<'resume'> {
    const pieces = [...this.live].map(([answerId, { epoch, text }]): AnswerPiece => {
      const position = positions.find(held => held.answerId === answerId && held.epoch === epoch);
      const offset = position && position.offset <= text.length ? position.offset : 0;
      return { conversationId: CONVERSATION, answerId, epoch, offset, text: text.slice(offset) };
    });
    const { mode } = this;
    return { ok: true, conversationId: CONVERSATION, token: 't', mode, doubleText: 'queue', pieces, ...page };
  }

  older(beforeSeq: number): CallReply<'load-older'> {
    const before = this.rows.filter(({ seq }) => seq < beforeSeq);
    const hasOlder = before.length > this.#pageSize;
    return { ok: true, conversationId: CONVERSATION, messages: before.slice(-this.#pageSize), hasOlder };
  }

  #retry({ replyTo }: NativeMessage): void {
    const again = this.#add('assistant', '', 'pending', replyTo);
    this.told.push({ type: 'retried', payload: { conversationId: CONVERSATION, answerId: again.id } });
  }

  #firstOpen(): NativeMessage | undefined {
    return this.rows.find(({ status }) => !isClosed(status));
  }

  #end(row: NativeMessage, status: ClosedAnswerStatus): void {
    const content = this.live.get(row.id)?.text ?? row.content;
    this.live.delete(row.id);
    this.told.push({ type: 'answer-ended', payload: this.#change(row, { status, content }) });
  }

  #add(
    role: NativeMessage['role'],
    content: string,
    status: NativeMessage['status'],
    replyTo?: string,
  ): NativeMessage {
    this.#count += 1;
    const row: NativeMessage = {
      id: `m-${this.#count}`,
      conversationId: CONVERSATION,
      // History leaves gaps.
      seq: this.#count * 2,
      role,
      content,
      status,
      createdAt: '2026-01-01T00:00:00.000Z',
      ...(replyTo !== undefined && { replyTo }),
    };
    this.rows.push(row);
    return row;
  }

  #change(row: NativeMessage, fields: Partial<NativeMessage>): NativeMessage {
    const changed = { ...row, ...fields };
    this.rows.splice(this.rows.indexOf(row), 1, changed);
    return changed;
  }
}

const isCurrent = ({ status }: NativeMessage): boolean => status !== 'superseded';
