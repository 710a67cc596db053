import { openStore } from '../src/store/open-store.ts';

/** Appends to the SQLite file of its first argument, ten at a time, and prints each key once it is acknowledged. */
const [path = ''] = process.argv.slice(2);
const store = openStore({ url: `sqlite:${path}`, clock: () => new Date(), onFailure: () => undefined });
await store.start();

async function appendForEver(lane: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const clientMessageId = `k${lane}-${n}`;
    await store.appendTurn({ conversationId: `c${lane}`, clientMessageId, content: `message ${n} 😀` });
    process.stdout.write(`${clientMessageId}\n`);
  }
}

await Promise.all(Array.from({ length: 10 }, (_, lane) => appendForEver(lane)));
