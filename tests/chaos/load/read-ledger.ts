import { waitFor, type ScriptedProvider } from '@parley/testkit';
import { call } from '../../e2e/clients/rest-client.ts';
import { tally, type Entry, type Stored, type Tally } from './ledger.ts';

/** What a fault run came to, read through a gateway once all faults are over. */
export async function readLedger(
  url: string,
  entries: readonly Entry[],
  provider: Pick<ScriptedProvider, 'requests'>,
): Promise<Tally> {
  const stored = await readStored(url, entries);
  return tally(
    entries,
    stored,
    provider.requests.map(({ prompt }) => prompt),
  );
}

/** What the store holds of each conversation in the ledger. */
async function readStored(url: string, entries: readonly Entry[]): Promise<Map<string, Stored[]>> {
  const stored = new Map<string, Stored[]>();
  for (const { conversationId } of entries) {
    if (stored.has(conversationId)) continue;
    const read = async (): Promise<Stored[] | undefined> => {
      const { status, body } = await call(url, `/api/conversations/${conversationId}`);
      if (status === 404) return [];
      return status === 200 ? (body.messages as Stored[]) : undefined;
    };
    stored.set(
      conversationId,
      await waitFor(read, { what: `conversation ${conversationId}`, deadlineMs: 20_000 }),
    );
  }
  return stored;
}
