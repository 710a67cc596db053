import { expect, test } from 'vitest';
import { readStartSettings } from './start-settings.ts';

test('needs nothing to be set', () => {
  expect(readStartSettings('/parley', [], {})).toEqual({
    root: '/parley',
    dataDir: '/parley/data',
    port: 5001,
    hasOwnPort: false,
    isWatching: false,
    logLevel: 'warn',
    env: {},
  });
});

test('reads what is set', () => {
  const env = { PORT: '80', LOG_LEVEL: 'debug', PARLEY_DATA_DIR: 'elsewhere' };
  expect(readStartSettings('/parley', ['--watch'], env)).toMatchObject({
    dataDir: '/parley/elsewhere',
    port: 80,
    hasOwnPort: true,
    isWatching: true,
    logLevel: 'debug',
  });
});

test.each(['x', '-1', '65536', '1.5'])('refuses %s as a port', PORT => {
  expect(() => readStartSettings('/parley', [], { PORT })).toThrow('PORT must be a number from 0 to 65535');
});

test('refuses options that it does not know', () => {
  expect(() => readStartSettings('/parley', ['--wacth'], {})).toThrow('Unknown option --wacth');
});
