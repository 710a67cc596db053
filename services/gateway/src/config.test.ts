import { ConfigurationError } from '@parley/platform';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('nothing set is a gateway for development', () => {
  const { config, secrets } = readConfig({});
  expect(config).toMatchObject({
    PORT: 5001,
    AUTH_MODE: 'open',
    FRONTEND_URL: ['http://localhost:8081', 'http://localhost:5173'],
  });
  expect(secrets.adminTokens).toEqual([]);
});

test('bounds of what answers may cost: none for the day unless it is set, and no nonsense', () => {
  expect(readConfig({}).config).toMatchObject({
    QUEUE_MAX_PER_VISITOR: 20,
    QUEUE_MAX_PER_ADDRESS: 200,
    DAILY_TOKEN_BUDGET: 0,
  });
  expect(readConfig({ DAILY_TOKEN_BUDGET: '5000000000' }).config.DAILY_TOKEN_BUDGET).toBe(5_000_000_000);
  const nonsense = { QUEUE_MAX_PER_VISITOR: '0', QUEUE_MAX_PER_ADDRESS: '-1', DAILY_TOKEN_BUDGET: '1.5' };
  for (const name of Object.keys(nonsense)) expect(() => readConfig(nonsense)).toThrow(new RegExp(name));
});

test('production is told all that is missing at once', () => {
  const missing = ['FRONTEND_URL', 'REDIS_URL', 'SESSION_SECRET', 'ADMIN_TOKEN', 'INTERNAL_TOKEN'];
  const read = () => readConfig({ NODE_ENV: 'production', PORT: 'none' });
  expect(read).toThrow(ConfigurationError);
  for (const name of [...missing, 'PORT']) expect(read).toThrow(new RegExp(name));
});

test('CORS_ORIGIN is another name of FRONTEND_URL', () => {
  expect(readConfig({ CORS_ORIGIN: 'https://a.example, https://b.example' }).config.FRONTEND_URL).toEqual([
    'https://a.example',
    'https://b.example',
  ]);
});

test('token mode needs a secret to sign with', () => {
  expect(() => readConfig({ AUTH_MODE: 'token' })).toThrow(/SESSION_SECRET/);
});

test('no secret is in the plain part', () => {
  const env = {
    SESSION_SECRET: 's'.repeat(32),
    ADMIN_TOKEN: 'admin-token-of-the-test, another-token-of-the-test',
    INTERNAL_TOKEN: 'internal-token-of-the-test',
    REDIS_URL: 'redis://:hunter2@localhost:6379',
  };
  const { config, secrets } = readConfig(env);
  expect(secrets.adminTokens).toHaveLength(2);
  expect(JSON.stringify(config)).not.toMatch(/ssss|of-the-test|hunter2/);
});
