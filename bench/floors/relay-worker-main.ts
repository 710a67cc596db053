import { Agent, request, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { Redis } from 'ioredis';
import { serveRole } from '../load/serve-role.ts';
import { END, ORDERS_CHANNEL, type RelayOrder } from './relay-orders.ts';

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
}

export interface RelayWorkerOptions {
  readonly redisUrl: string;
  readonly providerUrl: string;
  /** Whether Redis shall keep the text as well, with a script call for each piece: the least that a log can cost. */
  readonly keepsLog: boolean;
}

const APPEND_AND_PUBLISH = `
redis.call('APPEND', KEYS[1], ARGV[1])
return redis.call('PUBLISH', KEYS[2], ARGV[1])
`;

const calls = { start };
export type RelayWorkerCalls = typeof calls;
serveRole(calls);

async function start({ redisUrl, providerUrl, keepsLog }: RelayWorkerOptions): Promise<void> {
  const publisher = new Redis(redisUrl, { enableAutoPipelining: true });
  const publish = keepsLog ? appending(publisher) : publisher.publish.bind(publisher);
  const subscriber = new Redis(redisUrl);
  const agent = new Agent({ keepAlive: true });
  subscriber.on('message', (_, order: string) => relay(order));
  await subscriber.subscribe(ORDERS_CHANNEL);

  function relay(json: string): void {
    const { channel, prompt } = JSON.parse(json) as RelayOrder;
    const body = { model: 'scripted', stream: true, messages: [{ role: 'user', content: prompt }] };
    const headers = { 'content-type': 'application/json' };
    const call = request(`${providerUrl}/chat/completions`, { method: 'POST', agent, headers }, response =>
      pour(response, text => publish(channel, text)),
    );
    call.end(JSON.stringify(body));
  }
}

type Publish = (channel: string, text: string) => Promise<unknown>;

function appending(redis: Redis): Publish {
  redis.defineCommand('appendAndPublish', { numberOfKeys: 2, lua: APPEND_AND_PUBLISH });
  const { appendAndPublish } = redis as Redis &
    Record<'appendAndPublish', (...args: string[]) => Promise<unknown>>;
  return (channel, text) => appendAndPublish.call(redis, `${channel}:log`, channel, text);
}

/** What comes while a piece is on its way becomes the next piece. */
function pour(response: IncomingMessage, publish: (text: string) => Promise<unknown>): void {
  let unsent = '';
  let busy = false;
  let ended = false;
  const send = async (): Promise<void> => {
    busy = true;
    while (unsent !== '') {
      const piece = unsent;
      unsent = '';
      await publish(piece);
    }
    busy = false;
    if (ended) await publish(END);
  };
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') return;
      unsent += (JSON.parse(data) as Chunk).choices?.[0]?.delta?.content ?? '';
      if (!busy && unsent !== '') void send();
    },
  });
  response.setEncoding('utf8');
  response.on('data', (text: string) => parser.feed(text));
  response.on('end', () => {
    ended = true;
    if (!busy) void send();
  });
}
