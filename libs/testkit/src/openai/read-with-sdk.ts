import OpenAI from 'openai';
import type { ScriptedProvider } from './scripted-provider.ts';

type Api = 'chat' | 'responses';

export const chatRequest = { model: 'gpt-x', messages: [{ role: 'user' as const, content: 'Hello?' }] };
export const responseRequest = { model: 'gpt-x', input: 'Hello?' };

/** The real client, without retries that would hide what the provider did. */
export const sdkClient = (provider: ScriptedProvider): OpenAI =>
  new OpenAI({ baseURL: provider.baseUrl, apiKey: 'sk-test', maxRetries: 0, logLevel: 'off' });

interface Reading {
  readonly signal?: AbortSignal;
  /** Called with the text so far. */
  readonly onText?: (text: string) => void;
}

/** Reads one streamed answer through the SDK and gives its whole text. */
export async function readWithSdk(
  provider: ScriptedProvider,
  api: Api,
  { signal, onText }: Reading = {},
): Promise<string> {
  const client = sdkClient(provider);
  const options = signal ? { signal } : {};
  let text = '';
  const add = (delta: string): void => {
    text += delta;
    if (delta !== '') onText?.(text);
  };
  if (api === 'chat') {
    const stream = await client.chat.completions.create({ ...chatRequest, stream: true }, options);
    for await (const chunk of stream) add(chunk.choices[0]?.delta.content ?? '');
  } else {
    const stream = await client.responses.create({ ...responseRequest, stream: true }, options);
    for await (const event of stream) if (event.type === 'response.output_text.delta') add(event.delta);
  }
  return text;
}

/** How reading an answer through the SDK ended: the text it got, and the error that ended it. */
export async function outcomeWithSdk(
  provider: ScriptedProvider,
  api: Api,
): Promise<{ text: string; error: unknown }> {
  let text = '';
  try {
    await readWithSdk(provider, api, { onText: soFar => (text = soFar) });
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}
