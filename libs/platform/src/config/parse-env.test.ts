import { expect, test } from 'vitest';
import { z } from 'zod';
import { envFields } from './env-fields.ts';
import { ConfigurationError, parseEnv } from './parse-env.ts';

const schema = z.object({
  NODE_ENV: envFields.nodeEnv,
  PORT: envFields.port(5001),
  ORIGINS: envFields.list().prefault('a,b'),
  TOKEN: envFields.secret.optional(),
});

test('what is empty is not set', () => {
  expect(parseEnv(schema, { PORT: '', TOKEN: '' })).toEqual({
    NODE_ENV: 'development',
    PORT: 5001,
    ORIGINS: ['a', 'b'],
  });
});

test('all problems are told at once, and no value with them', () => {
  const read = (): unknown =>
    parseEnv(schema, { NODE_ENV: 'production', PORT: '99999', TOKEN: 'hunter2' }, ['REDIS_URL']);
  expect(read).toThrow(ConfigurationError);
  expect(read).toThrow(/3 problem\(s\)[^]*REDIS_URL[^]*PORT[^]*TOKEN/);
  expect(read).not.toThrow(/hunter2/);
});

test('a list forgives spaces and a comma too many', () => {
  expect(parseEnv(schema, { ORIGINS: ' https://a.example , ,https://b.example,' }).ORIGINS).toEqual([
    'https://a.example',
    'https://b.example',
  ]);
});
