/** One message of a request, its parts joined to one text. */
export interface RequestMessage {
  readonly role: string;
  readonly text: string;
}

/** A request the provider got. `state` and `held` change while it is answered. */
export interface ProviderRequest {
  readonly id: string;
  readonly api: 'chat' | 'responses';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The bearer token. */
  readonly key: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** The context in order; the Responses API's `instructions` come first, as a system message. */
  readonly messages: readonly RequestMessage[];
  /** Text of the last user message. */
  readonly prompt: string;
  /** What the provider will say it has counted, unless the script says otherwise. */
  readonly inputTokens: number;
  /** `aborted`: the client went away before the script's end. A cut or reset by the script is its end. */
  readonly state: 'open' | 'answered' | 'aborted';
  /** The script waits for `release()` or `step()`. */
  readonly held: boolean;
}

/** Reads what both APIs have in common; undefined when the text is no JSON object. */
export function parseProviderRequest(
  text: string,
  envelope: Pick<ProviderRequest, 'id' | 'api' | 'at' | 'key'>,
): ProviderRequest | undefined {
  const body = parseJson(text);
  if (!isObject(body)) return undefined;
  const { model, stream, stream_options: streamOptions } = body;
  const messages = messagesOf(body);
  const characters = messages.reduce((sum, message) => sum + message.text.length, 0);
  return {
    ...envelope,
    body,
    model: typeof model === 'string' ? model : 'scripted',
    stream: stream === true,
    includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
    messages,
    prompt: messages.findLast(({ role }) => role === 'user')?.text ?? '',
    inputTokens: Math.ceil(characters / 4),
    state: 'open',
    held: false,
  };
}

function messagesOf(body: Record<string, unknown>): RequestMessage[] {
  const { instructions, input, messages } = body;
  const listed = typeof input === 'string' ? [{ role: 'user', content: input }] : (messages ?? input);
  const system = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  return [...system, ...(Array.isArray(listed) ? (listed as unknown[]) : [])]
    .filter(isObject)
    .map(({ role, content }) => ({ role: typeof role === 'string' ? role : '', text: textOf(content) }));
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as unknown[])
    .map(part => (isObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join('');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
