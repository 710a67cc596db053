import { setTimeout as pause } from 'node:timers/promises';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { connectAll } from '../load/connect.ts';
import { InterruptedAnswer } from '../load/interrupted-answer.ts';
import { CpuWatch } from '../measure/cpu-watch.ts';
import { monotonicMs } from '../measure/monotonic.ts';
import { DoomedWorkers } from '../product/doomed-workers.ts';
import type { Row } from './row.ts';
import { worstOf } from './worst-of.ts';

/** Seconds. */
const TARGET_WORST = 6;
const KILLS = 20;
const KILLS_A_ROUND = 4;
/** A worker renews its locks every few seconds and looks for lost ones every second: kills meet all of that at any moment. */
const KILLED_WITHIN_MS = 2_500;

/** SIGKILL of the worker that streams, until the client is told that the answer begins again. */
export const takeover: Row = async ({ lab }) => {
  const rounds = lab.settings.quick ? 1 : KILLS / KILLS_A_ROUND;
  // Half of them stream and are killed, the others are there to take over.
  await using opened = lab.scope();
  const workers = opened.use(await DoomedWorkers.start(await lab.providerUrl(), KILLS_A_ROUND * 2));
  const watch = new CpuWatch();
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await workers.revive();
    seconds.push(...(await killRound(workers)));
  }
  const what = 'SIGKILL of the streaming worker to the new epoch at the client';
  const { foreignCores } = watch.stop();
  return {
    lines: [worstOf({ row: 'i', what, foreignCores }, seconds, TARGET_WORST)],
    details: { seconds },
  };
};

/** @returns seconds without a worker, of each answer. */
async function killRound(workers: DoomedWorkers): Promise<number[]> {
  const clients = await connectAll(`${workers.url}${NATIVE_NAMESPACE}`, KILLS_A_ROUND);
  const answers = clients.map(({ socket }) => new InterruptedAnswer(socket));
  try {
    const keys = await Promise.all(answers.map(answer => answer.begin()));
    const interrupt = async (answer: InterruptedAnswer, key: string): Promise<number> => {
      await pause(Math.random() * KILLED_WITHIN_MS);
      const killedAt = monotonicMs();
      await workers.kill(key);
      return ((await answer.takenOver()) - killedAt) / 1_000;
    };
    const seconds = await Promise.all(answers.map((answer, index) => interrupt(answer, keys[index] ?? '')));
    await Promise.all(answers.map(answer => answer.stop()));
    return seconds;
  } finally {
    for (const { socket } of clients) socket.disconnect();
  }
}
