import { expect, test } from 'vitest';
import { readyPort } from './ready-line.ts';

test('reads the port of a ready line and of nothing else', () => {
  expect(readyPort('{"level":"info","service":"history","port":5011,"msg":"ready"}')).toBe(5011);
  expect(readyPort('{"port":5011,"msg":"stopped"}')).toBeUndefined();
  expect(readyPort('{"msg":"ready"}')).toBeUndefined();
  expect(readyPort('are we "ready"?')).toBeUndefined();
});
