import type { AckData, Payload, nativeClientEvents } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { AccessPolicy } from '../../access/access-policy.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import { readPage } from './read-page.ts';

type Catalog = typeof nativeClientEvents;

interface LoadOlderDependencies {
  readonly policy: AccessPolicy;
  readonly history: HistoryClient;
}

/** Reads back in a conversation that the caller may enter. */
export async function loadOlder(
  session: SocketSession,
  { conversationId, beforeSeq }: Payload<Catalog, 'load-older'>,
  { policy, history }: LoadOlderDependencies,
): Promise<AckData<Catalog, 'load-older'>> {
  await policy.assertMayEnter(session.caller, conversationId);
  const { messages, more } = await readPage(history, { conversationId, beforeSeq });
  return { ok: true, conversationId, messages, hasOlder: more };
}
