import type { NativeMessage } from '@parley/contracts';
import type { ConversationEvent } from '../connection/server-event.ts';
import type { CallReply } from '../connection/native-calls.ts';
import type { OutgoingMessage } from '../outbox/outgoing-message.ts';
import type { Transcript } from './transcript.ts';

/** Everything that can change a transcript: what the server says, what it acknowledges, what is written here. */
export type TranscriptEvent =
  | ConversationEvent
  /** `afterSeq` and `answers` are what the transcript had when it was asked for. */
  | {
      readonly type: 'resumed';
      readonly payload: CallReply<'resume'>;
      readonly afterSeq: number;
      readonly answers: Transcript['answers'];
    }
  /** `beforeSeq` and `olderNews` are what the transcript had when it was asked for. */
  | {
      readonly type: 'older';
      readonly payload: CallReply<'load-older'>;
      readonly beforeSeq: number;
      readonly olderNews: number;
    }
  | { readonly type: 'sent'; readonly payload: { message: NativeMessage; answerId?: string | undefined } }
  | { readonly type: 'retried'; readonly payload: { conversationId: string; answerId: string } }
  | { readonly type: 'outbox'; readonly payload: readonly OutgoingMessage[] }
  /** The connection is gone: what is only interesting now is not known any more. */
  | { readonly type: 'lost' };
