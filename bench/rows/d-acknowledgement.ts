import { OwnedRedis } from '@parley/testkit';
import type { DurableEnqueueCalls } from '../floors/durable-enqueue-main.ts';
import { Role } from '../load/role.ts';
import type { SendPlan, SendResult } from '../load/send-plan.ts';
import type { SenderCalls } from '../load/sender-main.ts';
import { CpuWatch } from '../measure/cpu-watch.ts';
import { median, type Summary } from '../measure/percentiles.ts';
import type { Line } from '../report/line.ts';
import type { Bench, Row } from './row.ts';

/** Milliseconds. */
const TARGETS = { ack: { p50: 6, p99: 20 }, answer: { p50: 10, p99: 30 } } as const;
const PER_SECOND = 50;

interface Trial extends SendResult {
  readonly foreignCores: number;
}

/** How long a sent message takes to be stored, and the answer to begin. */
export const acknowledgement: Row = async ({ lab, repeats }) => {
  await using opened = lab.scope();
  const sender = await start<SenderCalls>('sender', '../load/sender-main.ts', opened);
  const floor = await start<DurableEnqueueCalls>('floor', '../floors/durable-enqueue-main.ts', opened);
  const redis = opened.use(await OwnedRedis.start());
  const { url } = await lab.product();
  // Its answers come from there.
  await lab.providerUrl();
  const plan: SendPlan = { perSecond: PER_SECOND, seconds: lab.settings.quick ? 3 : 8 };
  const trials: { floor: Trial; product: Trial }[] = [];
  for (let run = 0; run < lab.settings.runs; run++) {
    trials.push({
      floor: await trial(repeats, () => floor.call('run', { ...plan, redisUrl: redis.url })),
      product: await trial(repeats, () => sender.call('run', { ...plan, url })),
    });
  }
  return {
    lines: [
      line(trials, 'ack', 'ack of a message that is stored', 'SQLite insert with fsync + BullMQ add'),
      line(
        trials,
        'answer',
        "send to first piece, without the provider's time",
        'insert + BullMQ add + pick-up',
      ),
    ],
    details: trials,
  };
};

async function trial(repeats: Bench['repeats'], run: () => Promise<SendResult>): Promise<Trial> {
  return repeats.measure(async () => {
    const watch = new CpuWatch();
    const result = await run();
    return { ...result, foreignCores: watch.stop().foreignCores };
  });
}

function line(
  trials: readonly { floor: Trial; product: Trial }[],
  kind: keyof typeof TARGETS,
  what: string,
  floorIs: string,
): Line {
  const of = (side: 'floor' | 'product', figure: keyof Pick<Summary, 'p50' | 'p99'>): number =>
    median(trials.map(made => made[side][kind][figure]));
  const foreign = (side: 'floor' | 'product'): number => median(trials.map(made => made[side].foreignCores));
  return {
    row: 'd',
    what: `${what}, p50 / p99, ${PER_SECOND} sends a second, SQLite`,
    unit: 'ms',
    floorIs,
    figures: (['p50', 'p99'] as const).map(name => ({
      name,
      product: of('product', name),
      floor: of('floor', name),
      target: TARGETS[kind][name],
    })),
    foreignCores: Math.max(foreign('floor'), foreign('product')),
  };
}

async function start<C extends SenderCalls | DurableEnqueueCalls>(
  name: string,
  program: string,
  opened: AsyncDisposableStack,
): Promise<Role<C>> {
  return opened.use(await Role.start<C>(name, new URL(program, import.meta.url)));
}
