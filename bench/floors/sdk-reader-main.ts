import { OpenAI } from 'openai';
import { toPrompt } from '../load/answer-order.ts';
import { serveRole } from '../load/serve-role.ts';
import { askAll, type Ask, type StreamLoad, type StreamLoadResult } from '../load/stream-load.ts';

const calls = { run };
export type SdkReaderCalls = typeof calls;
serveRole(calls);

/** The SDK as its manual shows it, and nothing behind it. */
async function run({ url, streams, order }: StreamLoad): Promise<StreamLoadResult> {
  const openai = new OpenAI({ baseURL: url, apiKey: 'sk-bench', maxRetries: 0 });
  const ask: Ask = async (ordered, take) => {
    const stream = await openai.chat.completions.create({
      model: 'scripted',
      messages: [{ role: 'user', content: toPrompt(ordered) }],
      stream: true,
    });
    for await (const chunk of stream) take(chunk.choices[0]?.delta.content ?? '');
  };
  return { ages: await askAll(Array<Ask>(streams).fill(ask), order), bytesPerAnswer: undefined };
}
