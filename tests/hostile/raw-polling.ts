const PATH = '/socket.io/?EIO=4&transport=polling';

export interface PollingReply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** One request of Engine.IO's long polling, whatever is in it. `query` is appended as it is. */
export async function poll(
  url: string,
  options: { query?: string; headers?: Record<string, string>; body?: string; method?: string } = {},
): Promise<PollingReply> {
  const { query = '', headers = {}, body, method = body === undefined ? 'GET' : 'POST' } = options;
  const response = await fetch(`${url}${PATH}${query}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'text/plain' }), ...headers },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Opens a long-polling connection and returns its session id. */
export async function openPolling(url: string, headers: Record<string, string> = {}): Promise<string> {
  const { text } = await poll(url, { headers });
  return (JSON.parse(text.slice(1)) as { sid: string }).sid;
}
