import { ConfigurationError } from '@parley/platform';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const TOKEN = 'a-token-of-enough-characters';

test('without any variable it is an embedded history on loopback', () => {
  expect(readConfig({})).toMatchObject({
    PORT: 5011,
    HOST: '127.0.0.1',
    DATABASE_URL: 'sqlite:./data/parley.db',
    ANSWER_RUNS: 2,
    SWEEP_INTERVAL_MS: 1000,
    SWEEP_AFTER_MS: 5000,
  });
});

test('MONGODB_URI is another name of DATABASE_URL, which goes first', () => {
  const mongo = { MONGODB_URI: 'mongodb://localhost/parley' };
  expect(readConfig(mongo).DATABASE_URL).toBe(mongo.MONGODB_URI);
  expect(readConfig({ ...mongo, DATABASE_URL: '' }).DATABASE_URL).toBe(mongo.MONGODB_URI);
  expect(readConfig({ ...mongo, DATABASE_URL: 'memory:' }).DATABASE_URL).toBe('memory:');
});

test('what others could reach needs a token', () => {
  expect(() => readConfig({ HOST: '0.0.0.0' })).toThrow(/INTERNAL_TOKEN: is required when HOST/);
  expect(readConfig({ HOST: '0.0.0.0', INTERNAL_TOKEN: TOKEN }).HOST).toBe('0.0.0.0');
});

test('production names everything that it misses', () => {
  expect(() => readConfig({ NODE_ENV: 'production' })).toThrow(
    /REDIS_URL.*\n.*DATABASE_URL.*\n.*INTERNAL_TOKEN/,
  );
  const given = { NODE_ENV: 'production', REDIS_URL: 'redis://r', INTERNAL_TOKEN: TOKEN };
  expect(readConfig({ ...given, MONGODB_URI: 'mongodb://m/parley' }).NODE_ENV).toBe('production');
});

test('a database that nobody knows is refused', () => {
  for (const DATABASE_URL of ['mysql://localhost', 'sqlite:', 'memory', './data/parley.db'])
    expect(() => readConfig({ DATABASE_URL })).toThrow(ConfigurationError);
});
