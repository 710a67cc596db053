import { setTimeout as pause } from 'node:timers/promises';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, generatedPieces, holdAfter, ScriptedProvider } from '@parley/testkit';
import { connectAll } from '../load/connect.ts';
import { StoppedAnswer } from '../load/stopped-answer.ts';
import { CpuWatch } from '../measure/cpu-watch.ts';
import { monotonicMs } from '../measure/monotonic.ts';
import { PRODUCT_ENV } from '../product/start-product.ts';
import type { Row } from './row.ts';
import { worstOf } from './worst-of.ts';

/** Seconds. */
const TARGET_WORST = 1;
const STOPS = 20;
const QUICK_STOPS = 4;
/** Stops meet a worker between two tokens as well as while one is on its way. */
const STOPPED_WITHIN_MS = 300;
/** Far longer than it takes until they are stopped. */
const TOKENS = 3_000;
const EVERY_MS = 20;
/** A worker that waits for its model learns of the stop in another way than one that writes. */
const KINDS = ['flowing', 'silent'] as const;

/** A stop, until a client of another gateway is told that the answer has ended and the provider sees its request aborted. */
export const stop: Row = async ({ lab }) => {
  await using opened = lab.scope();
  // Of its own, in this process: what it has seen is known here at once.
  const provider = opened.use(await ScriptedProvider.start());
  provider.script(({ prompt }) =>
    generatedPieces(TOKENS, () => 'token ', {
      everyMs: EVERY_MS,
      faults: prompt === 'silent' ? [holdAfter(1)] : [],
    }),
  );
  const cluster = opened.use(await Cluster.start({ gateways: 2, workers: 2, provider, env: PRODUCT_ENV }));
  const pairs = await Promise.all(
    cluster.gateways.map(({ url }) => connectAll(`${url}${NATIVE_NAMESPACE}`, 1)),
  );
  const [asker, watcher] = pairs.flat().map(({ socket }) => socket);
  if (!asker || !watcher) throw new Error('The cluster lacks a gateway');
  opened.defer(() => void [asker, watcher].map(socket => socket.disconnect()));

  const watch = new CpuWatch();
  const seconds: number[] = [];
  for (let index = 0; index < (lab.settings.quick ? QUICK_STOPS : STOPS); index++) {
    const answer = new StoppedAnswer(asker, watcher);
    await answer.begin(KINDS[index % KINDS.length] ?? KINDS[0]);
    await pause(Math.random() * STOPPED_WITHIN_MS);
    const stoppedAt = monotonicMs();
    const [toldAt, abortedAt] = await Promise.all([answer.stop(), aborted(provider, index + 1)]);
    seconds.push((Math.max(toldAt, abortedAt) - stoppedAt) / 1_000);
  }
  const what = "stop to its end at another gateway's client and at the provider";
  const { foreignCores } = watch.stop();
  return {
    lines: [worstOf({ row: 'p10', what, foreignCores }, seconds, TARGET_WORST)],
    details: { kinds: KINDS, seconds },
  };
};

/** @returns when the provider had seen so many of its requests aborted, in milliseconds of CLOCK_MONOTONIC. */
async function aborted(provider: ScriptedProvider, count: number): Promise<number> {
  await provider.waitFor(() => provider.aborted >= count, 15_000);
  return monotonicMs();
}
