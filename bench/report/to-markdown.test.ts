import { expect, test } from 'vitest';
import type { Line } from './line.ts';
import { toMarkdown } from './to-markdown.ts';

const line: Line = {
  row: 'a',
  what: 'latency',
  unit: 'ms',
  floorIs: 'relay',
  figures: [
    { name: 'p50', product: 0.5123, floor: 0.25, target: 1 },
    { name: 'p99', product: 123.4, floor: 10, target: 15 },
  ],
  foreignCores: 0.1,
};

function tableOf(...lines: Line[]): string[] {
  const markdown = toMarkdown({
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    machine: { cpu: 'x', cores: 2, memoryGb: 4, kernel: '6', node: 'v26' },
    settings: { rows: ['a'], runs: 3, quick: false },
    lines,
    details: {},
    failures: { i: 'no Redis' },
  });
  return markdown.split('\n');
}

test('a line is met when all of its figures are', () => {
  expect(tableOf(line)).toContain(
    '| a | latency | 0.25 / 10 ms (relay) | 0.512 / 123 ms | 2.05x / 12.3x | <= 1 / <= 15 ms | no |',
  );
});

test('on a slower machine a line can be met by its ratio to the floor', () => {
  const slow = { name: '', product: 45, floor: 60, target: 32, targetFloor: 40 };
  expect(tableOf({ ...line, figures: [slow] })).toContain(
    '| a | latency | 60 ms (relay) | 45 ms | 0.75x | <= 32 ms (<= 0.8x) | by ratio |',
  );
  expect(tableOf({ ...line, figures: [{ ...slow, product: 50 }] })[6]).toMatch(/\| no \|$/);
});

test('what was disturbed says so, and what failed says why', () => {
  const [p50] = line.figures;
  const table = tableOf({ ...line, figures: p50 ? [{ ...p50, floor: undefined }] : [], foreignCores: 0.4 });
  expect(table).toContain('| a | latency | - | 0.512 ms | - | <= 1 ms | yes (!) 40 % |');
  expect(table).toContain('- Row i has no result: no Redis');
});
