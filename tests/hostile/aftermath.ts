import { expect, test } from 'vitest';
import type { Arena } from './arena.ts';
import { TOKEN_BEGINNINGS } from './log-scan.ts';

/**
 * The last tests of every file: nothing of the attacks is left, in memory or in the logs.
 *
 * @param secrets what the attackers sent, besides the tokens, and nobody may log.
 */
export function testAftermath(arena: () => Arena, ...secrets: string[]): void {
  test('S6 after all attacks connections, subscriptions and memory are as before', async () => {
    const after = await arena().isAsBefore();
    console.log(`heap ${after.heapBytes >> 20} MB, resident ${after.residentBytes >> 20} MB`);
  });

  test('S13 no token, key or message stands in any log line, and no attack was an error of ours', () => {
    const { logs, cluster } = arena();
    const known = [cluster.adminToken, cluster.internalToken, 'sk-test-0123456789', 'test-session-secret'];
    expect(logs.linesWith(...known, 'Is anybody there?', 'disturb this', ...secrets)).toEqual([]);
    expect(logs.linesWith(...TOKEN_BEGINNINGS)).toEqual([]);
    expect(logs.complaints).toEqual([]);
  });
}
