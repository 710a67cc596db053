import type { StreamCell } from '../measure/stream-cell.ts';
import { COMMON_STREAMS, type SubjectCells } from '../measure/stream-cells.ts';
import type { Line } from '../report/line.ts';
import type { Row } from './row.ts';

/** Milliseconds; `relay`: the bare relay where they were set. */
const TARGETS = [
  { streams: 50, p50: 0.6, p99: 5, relay: { p50: 0.36, p99: 2.8 } },
  { streams: COMMON_STREAMS, p50: 1, p99: 15, relay: { p50: 0.59, p99: 9.9 } },
  { streams: 400, p50: 5, p99: 40, relay: { p50: 2.5, p99: 25 } },
];

/** Provider write to client callback. */
export const latency: Row = async ({ cells }) => {
  const lines: Line[] = [];
  const details: unknown[] = [];
  for (const target of TARGETS) {
    const measured = await cells.at(target.streams);
    const { sdk, relay, product } = measured;
    details.push({ streams: target.streams, sdk, relay, product });
    lines.push(
      line(target, measured, relay, 'bare relay', target.relay),
      line(target, measured, sdk, 'SDK read directly'),
    );
  }
  return { lines, details };
};

function line(
  { streams, p50, p99 }: (typeof TARGETS)[number],
  { product }: SubjectCells,
  floor: StreamCell,
  floorIs: string,
  then?: (typeof TARGETS)[number]['relay'],
): Line {
  return {
    row: 'a',
    what: `provider write to client callback, p50 / p99, ${streams} streams`,
    unit: 'ms',
    floorIs,
    figures: [
      {
        name: 'p50',
        product: product.p50,
        floor: floor.p50,
        target: p50,
        ...(then && { targetFloor: then.p50 }),
      },
      {
        name: 'p99',
        product: product.p99,
        floor: floor.p99,
        target: p99,
        ...(then && { targetFloor: then.p99 }),
      },
    ],
    foreignCores: Math.max(product.foreignCores, floor.foreignCores),
  };
}
