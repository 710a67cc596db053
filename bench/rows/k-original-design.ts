import { COMMON_STREAMS } from '../measure/stream-cells.ts';
import type { Line } from '../report/line.ts';
import type { Row } from './row.ts';

const FEWER_BYTES = 10;

/** The original design does the same in one process, and keeps nothing. */
export const originalDesign: Row = async ({ cells }) => {
  const { original, product } = await cells.at(COMMON_STREAMS);
  const common = {
    row: 'k',
    floorIs: 'original design',
    foreignCores: Math.max(product.foreignCores, original.foreignCores),
  } as const;
  const lines: Line[] = [
    {
      ...common,
      what: `provider write to client callback, p50 / p99, ${COMMON_STREAMS} streams`,
      unit: 'ms',
      figures: [
        { name: 'p50', product: product.p50, floor: original.p50, target: undefined },
        { name: 'p99', product: product.p99, floor: original.p99, target: original.p99 },
      ],
    },
    {
      ...common,
      what: 'bytes to one client for one of these answers, native dialect',
      unit: 'kB',
      figures: [
        {
          name: '',
          product: product.bytesPerAnswer / 1_000,
          floor: original.bytesPerAnswer / 1_000,
          target: original.bytesPerAnswer / 1_000 / FEWER_BYTES,
        },
      ],
    },
  ];
  return { lines, details: { original, product } };
};
