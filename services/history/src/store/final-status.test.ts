import { CLOSED_ANSWER_STATUSES } from '@parley/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finalStatus } from './final-status.ts';

const statuses = fc.constantFrom(...CLOSED_ANSWER_STATUSES);
const wishes = fc.constantFrom('stopped' as const, 'superseded' as const, undefined);

test('an answer that is taken out of its conversation, or whose question is, never becomes visible', () => {
  fc.assert(
    fc.property(statuses, wishes, statuses, (status, endAs, question) => {
      expect(finalStatus({ status, endAs: 'superseded', question })).toBe('superseded');
      expect(finalStatus({ status, endAs, question: 'superseded' })).toBe('superseded');
    }),
  );
});

test('an answer that was stopped is never complete or interrupted', () => {
  fc.assert(
    fc.property(statuses, statuses, (status, question) => {
      const final = finalStatus({ status, endAs: 'stopped', question });
      expect(['stopped', 'superseded', 'failed']).toContain(final);
    }),
  );
});

test('what nobody asked to end has ended as its worker says', () => {
  fc.assert(
    fc.property(statuses, status => {
      expect(finalStatus({ status, question: 'complete' })).toBe(status);
    }),
  );
});
