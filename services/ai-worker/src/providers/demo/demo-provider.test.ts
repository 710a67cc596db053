import { expect, test } from 'vitest';
import { DemoProvider } from './demo-provider.ts';

test('says the demo sentence, word by word', async () => {
  const words: string[] = [];
  const end = await new DemoProvider(0).stream(
    { messages: [], signal: new AbortController().signal },
    word => {
      words.push(word);
      return undefined;
    },
  );
  expect(end).toEqual({ reason: 'stop' });
  expect(words.length).toBeGreaterThan(10);
  expect(words.join('')).toBe(
    'This is a demo response. To enable AI responses, add your OpenAI API key to the environment variables.',
  );
});

test('falls silent when it is told to', async () => {
  const controller = new AbortController();
  const streaming = new DemoProvider(60_000).stream(
    { messages: [], signal: controller.signal },
    () => undefined,
  );
  controller.abort();
  await expect(streaming).rejects.toMatchObject({ name: 'AbortError' });
});
