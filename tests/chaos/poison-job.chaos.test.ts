import { redisNames } from '@parley/contracts';
import { answer, holdAfter, pieces, waitFor, type ProviderRequest } from '@parley/testkit';
import { describe, expect, test } from 'vitest';
import { WorkerKillWorld, type Question } from './worker-kill-world.ts';

const POISON = 'Poison';
/** What an answer may cost: ANSWER_RUNS, unless told otherwise. */
const RUNS = 2;
const WORDS = ['So', ' far', ' and no further'];
const PATIENCE_MS = 60_000;

/** Kills each worker that asks for the poison once it has so much of it, and starts it again; until the answer ends, or never. */
async function killWhoeverRunsIt(
  world: WorkerKillWorld,
  question: Question,
  text: string,
  killed: Set<ProviderRequest>,
): Promise<void> {
  const { client, conversationId, answerId } = question;
  const { text: key } = redisNames.answer(conversationId, answerId);
  const next = (): ProviderRequest | 'none' | undefined => {
    if (client.all('answer-ended').length > 0 || killed.size > RUNS) return 'none';
    return world.provider.requests.find(one => one.prompt === POISON && one.held && !killed.has(one));
  };
  for (;;) {
    const request = await waitFor(next, { what: 'another run, or the end', deadlineMs: PATIENCE_MS });
    if (request === 'none') return;
    const isThere = async (): Promise<boolean> => ((await world.redis.get(key)) ?? '') === text;
    await waitFor(isThere, { what: 'its text so far', deadlineMs: PATIENCE_MS });
    const worker = world.workers.whoAsked(request);
    await worker.kill();
    killed.add(request);
    await worker.restart();
  }
}

describe.concurrent('an answer that kills each worker that runs it', () => {
  test.each([
    {
      when: 'before its first piece',
      before: 0,
      end: { status: 'failed', content: expect.stringMatching(/./) as string },
    },
    { when: 'in mid-stream', before: 2, end: { status: 'interrupted', content: 'So far' } },
  ])('$when: it ends after the promised runs, and others are answered meanwhile', async ({ before, end }) => {
    await using world = await WorkerKillWorld.start();
    const deadly = pieces(WORDS, { faults: [holdAfter(before)] });
    world.provider.script(({ prompt }) =>
      prompt === POISON ? deadly : answer(`Well, ${prompt}`, { everyMs: 100 }),
    );
    using question = await world.ask(POISON);
    const isOver = (): boolean => question.client.all('answer-ended').length > 0 || world.runs(POISON) > RUNS;
    const killed = new Set<ProviderRequest>();
    const killings = killWhoeverRunsIt(world, question, WORDS.slice(0, before).join(''), killed);
    // From here on another answer can be hit once only, and is allowed a second run.
    await waitFor(() => killed.size > 0, { what: 'the first kill', deadlineMs: PATIENCE_MS });
    let others = 0;
    for (; !isOver(); others++) {
      using other = await world.ask(`other ${others}`);
      const ended = await other.client.until('answer-ended', () => true, PATIENCE_MS);
      expect(ended).toMatchObject({ status: 'complete', content: `Well, other ${others}` });
    }
    await killings;
    expect(others).toBeGreaterThan(RUNS);
    expect(world.runs(POISON)).toBe(RUNS);
    await world.expectEnd(question, end);
    expect(world.runs(POISON)).toBe(RUNS);
  });
});
