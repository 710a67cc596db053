import { expect, test } from 'vitest';
import { parseProviderRequest } from './provider-request.ts';

const envelope = { id: 'req_1', api: 'chat', at: 0, key: 'sk-test' } as const;
const parse = (body: unknown) => parseProviderRequest(JSON.stringify(body), envelope);

test('the prompt is the text of the last user message of a chat request', () => {
  const request = parse({
    model: 'gpt-x',
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'reply' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'se' },
          { type: 'text', text: 'cond' },
        ],
      },
      { role: 'system', content: 'rules' },
    ],
  });
  expect(request).toMatchObject({ prompt: 'second', model: 'gpt-x', stream: true, includeUsage: true });
  expect(request?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'system']);
});

test('a responses request may be one text or a list, behind its instructions', () => {
  expect(parse({ input: 'hello' })?.prompt).toBe('hello');
  expect(
    parse({
      instructions: 'be kind',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
    })?.messages,
  ).toEqual([
    { role: 'system', text: 'be kind' },
    { role: 'user', text: 'hi' },
  ]);
});

test('what is no JSON object is no request', () => {
  expect(parseProviderRequest('{"model":', envelope)).toBeUndefined();
  expect(parse([1])).toBeUndefined();
});
