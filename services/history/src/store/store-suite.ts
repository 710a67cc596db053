import { describe } from 'vitest';
import { answerSuite } from './suite/answer-suite.ts';
import { claimSuite } from './suite/claim-suite.ts';
import { conversationSuite } from './suite/conversation-suite.ts';
import { endingSuite } from './suite/ending-suite.ts';
import { messageSuite } from './suite/message-suite.ts';
import { reopenSuite } from './suite/reopen-suite.ts';
import { soleTurnSuite } from './suite/sole-turn-suite.ts';
import { StoreBench, type StoreFixture } from './suite/store-fixture.ts';
import { supersedingSuite } from './suite/superseding-suite.ts';
import { textSuite } from './suite/text-suite.ts';
import { turnSuite } from './suite/turn-suite.ts';
import { unfinishedSuite } from './suite/unfinished-suite.ts';

/** What every ConversationStore must do, whatever it keeps its data in. */
export function storeSuite(fixture: StoreFixture): void {
  const parts = [
    ['turns', turnSuite],
    ['turns that want to be alone', soleTurnSuite],
    ['answers', answerSuite],
    ['claims that are made again', claimSuite],
    ['ends that are asked for', endingSuite],
    ['what is superseded', supersedingSuite],
    ['conversations', conversationSuite],
    ['messages', messageSuite],
    ['unfinished work', unfinishedSuite],
    ['texts', textSuite],
  ] as const;
  for (const [name, part] of parts) describe(name, () => part(new StoreBench(fixture)));
  if (fixture.keepsData) describe('kept data', () => reopenSuite(new StoreBench(fixture)));
}
