import { expect, test } from 'vitest';
import { ERRORS, ParleyError, errorBodySchema } from './errors.ts';
import { chatRequestSchema } from './rest/chat.ts';

const refusalOf = (value: unknown): ParleyError => {
  const parsed = chatRequestSchema.safeParse(value);
  if (parsed.success) throw new Error('was accepted');
  return ParleyError.invalid(parsed.error);
};

test.each([{}, { message: '' }, { message: ' \n ' }])('a missing or empty message says so: %j', body => {
  expect(refusalOf(body).toBody()).toMatchObject({ message: 'Message is required', code: 'INVALID_REQUEST' });
});

test.each([
  { message: { $ne: null } },
  { message: ['a'] },
  { message: 'a', conversationId: { $gt: '' } },
  { message: 'a', conversationId: '{x}' },
  { message: 'a', conversationId: 'a b' },
  { message: 'a', conversationId: 'x'.repeat(129) },
])('a wrong type or id is an invalid request: %j', body => {
  expect(refusalOf(body)).toMatchObject({ code: 'INVALID_REQUEST', status: 400 });
});

test('a text beyond the limit has a code of its own', () => {
  expect(refusalOf({ message: 'x'.repeat(1_000_001) })).toMatchObject({
    code: 'MESSAGE_TOO_LONG',
    status: 413,
  });
});

test('an unknown failure tells clients nothing of what failed', () => {
  const body = ParleyError.from(new Error('password=hunter2')).toBody();
  expect(body).toEqual({ code: 'INTERNAL_ERROR', message: ERRORS.INTERNAL_ERROR.message });
});

test('every code makes a body that the contract accepts', () => {
  for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
    const error = new ParleyError(code, { retryAfterMs: 5 });
    expect(errorBodySchema.parse(error.toBody())).toEqual({
      code,
      message: ERRORS[code].message,
      retryAfterMs: 5,
    });
  }
});
