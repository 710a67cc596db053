import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('works without any variable: demo answers from loopback', () => {
  const { settings, secrets } = readConfig({});
  expect(settings).toMatchObject({ PORT: 5012, OPENAI_MODEL: 'gpt-4o-mini', CONTEXT_MAX_MESSAGES: 50 });
  expect(secrets.providerKeys).toEqual([]);
});

test('the tokens of a day are bounded only if they are told', () => {
  expect(readConfig({}).settings.DAILY_TOKEN_BUDGET).toBe(0);
  expect(readConfig({ DAILY_TOKEN_BUDGET: '2000000' }).settings.DAILY_TOKEN_BUDGET).toBe(2_000_000);
  expect(() => readConfig({ DAILY_TOKEN_BUDGET: '-1' })).toThrow(/DAILY_TOKEN_BUDGET/);
});

test('keys come in order of preference, each once, and are no settings', () => {
  const { settings, secrets } = readConfig({ OPENAI_API_KEY: 'one', OPENAI_API_KEYS: 'two, one,three' });
  expect(secrets.providerKeys).toEqual(['one', 'two', 'three']);
  expect(JSON.stringify(settings)).not.toMatch(/one|two|three/);
});

test('names every problem at once', () => {
  const env = { NODE_ENV: 'production', PORT: 'x', OPENAI_API: 'other', OPENAI_BASE_URL: 'ftp://x' };
  expect(() => readConfig(env)).toThrow(
    /REDIS_URL[\s\S]*INTERNAL_TOKEN[\s\S]*PORT[\s\S]*BASE_URL[\s\S]*OPENAI_API/,
  );
});
