import { COMMON_STREAMS } from '../measure/stream-cells.ts';
import type { StreamCell } from '../measure/stream-cell.ts';
import type { Line } from '../report/line.ts';
import type { Row } from './row.ts';

/** Microseconds. */
const TARGETS = { worker: 32, gateway: 30, redis: 18 } as const;
/** The floors where they were set: the middle of what was measured. */
const TARGET_FLOORS = { worker: 47.5, gateway: 24, redis: 14 } as const;

/** CPU of one token on its way. */
export const cpuPerToken: Row = async ({ cells }) => {
  const { sdk, relay, loggingRelay, product } = await cells.at(COMMON_STREAMS);
  const of = (cell: StreamCell, role: string): number => {
    const perToken = cell.cpuPerToken[role];
    if (perToken === undefined) throw new Error('Some answers began when others had already ended');
    return perToken;
  };
  const line = (role: keyof typeof TARGETS, what: string, floor: StreamCell, floorIs: string): Line => ({
    row: 'b',
    what: `${what}, ${COMMON_STREAMS} streams`,
    unit: 'us/token',
    floorIs,
    figures: [
      {
        name: '',
        product: of(product, role),
        floor: of(floor, role),
        target: TARGETS[role],
        targetFloor: TARGET_FLOORS[role],
      },
    ],
    foreignCores: Math.max(product.foreignCores, floor.foreignCores),
  });
  return {
    lines: [
      line('worker', 'CPU of the worker', sdk, 'plain SDK iterator'),
      line('gateway', 'CPU of the gateway', relay, 'bare relay'),
      line('redis', 'CPU of Redis', loggingRelay, 'bare relay with a log'),
    ],
    details: { sdk, relay, loggingRelay, product },
  };
};
