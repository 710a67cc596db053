import type { NativeMessage } from '@parley/contracts';
import type { ServerEvent } from '../connection/server-event.ts';
import type { CallReply } from '../connection/native-calls.ts';
import type { OutgoingMessage } from '../outbox/outgoing-message.ts';

/** Everything that can change a transcript: what the server says, what it acknowledges, what is written here. */
export type TranscriptEvent =
  | Exclude<ServerEvent, { type: 'draining' }>
  | { readonly type: 'resumed'; readonly payload: CallReply<'resume'> }
  | { readonly type: 'sent'; readonly payload: { message: NativeMessage; answerId?: string | undefined } }
  | { readonly type: 'retried'; readonly payload: { conversationId: string; answerId: string } }
  | { readonly type: 'outbox'; readonly payload: readonly OutgoingMessage[] }
  /** The connection is gone: what is only interesting now is not known any more. */
  | { readonly type: 'lost' };
