import { expect, test } from 'vitest';
import { clientMessageIdSchema, conversationIdSchema } from './ids.ts';

test.each(['a', '...', '.a', 'a.', '..-', 'user@example.com', '0'.repeat(128)])('%s is an id', id => {
  for (const schema of [conversationIdSchema, clientMessageIdSchema]) expect(schema.parse(id)).toBe(id);
});

test.each(['', '.', '..', 'a/b', '../a', 'a b', '{a}', '%2e', '.\n', '0'.repeat(129)])('"%s" is none', id => {
  for (const schema of [conversationIdSchema, clientMessageIdSchema])
    expect(schema.safeParse(id).success).toBe(false);
});
