import { expect, test } from 'vitest';
import { createLogger, redactText, scoped } from './logger.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void): {
  text: string;
  lines: Record<string, unknown>[];
} {
  const lines: string[] = [];
  write(createLogger({ service: 'test', level: 'debug' }, { write: (line: string) => lines.push(line) }));
  return { text: lines.join(''), lines: lines.map(line => JSON.parse(line) as Record<string, unknown>) };
}

test('every line says which service, component and function it comes from', () => {
  const { lines } = logged(log =>
    scoped(log, { component: 'Pump', function: 'run' }).info({ answerId: 'a' }, 'done'),
  );
  expect(lines).toMatchObject([
    { level: 'info', service: 'test', component: 'Pump', function: 'run', answerId: 'a', msg: 'done' },
  ]);
});

test('no secret gets through, however deep it lies', () => {
  const { text } = logged(log => {
    log.info({ token: 'hunter2', request: { headers: { authorization: 'Bearer hunter2' } } }, 'x');
    const error = Object.assign(new Error('Incorrect API key provided: sk-proj-abcdefghij1234567890WXYZ'), {
      request: { apiKey: 'hunter2' },
      headers: { authorization: 'hunter2' },
      cause: new Error('connect redis://user:hunter2@host:6379'),
    });
    log.error({ err: error }, 'failed');
  });
  expect(text).not.toMatch(/hunter2|abcdefghij/);
  expect(text).toContain('sk-…WXYZ');
});

test.each([
  ['sk-1234567890abcdef', 'sk-…cdef'],
  ['mongodb://parley:pa%40ss@db:27017/x', 'mongodb://parley:***@db:27017/x'],
  ['redis://:secret@127.0.0.1', 'redis://:***@127.0.0.1'],
  ['nothing to hide, ask-me', 'nothing to hide, ask-me'],
])('%s becomes %s', (text, shown) => {
  expect(redactText(text)).toBe(shown);
});
