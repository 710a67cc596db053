import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

test('a gauge that cannot be read is not a number, and hides no other', async () => {
  const metrics = new Metrics('test');
  metrics.gauge('lost', 'Fails', () => Promise.reject(new Error('away')));
  metrics.gauge('kept', 'Works', () => 7);
  const told = await metrics.render();
  expect(told).toMatch(/^lost\{service="test"\} nan$/im);
  expect(told).toMatch(/^kept\{service="test"\} 7$/m);
});
