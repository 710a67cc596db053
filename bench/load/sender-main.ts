import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import type { Socket } from 'socket.io-client';
import { monotonicMs } from '../measure/monotonic.ts';
import { summarize } from '../measure/percentiles.ts';
import { Samples } from '../measure/samples.ts';
import { toPrompt } from './answer-order.ts';
import { connectAll } from './connect.ts';
import { sendSteadily, type SendPlan, type SendResult } from './send-plan.ts';
import { serveRole } from './serve-role.ts';
import { readStamp, TOKEN_END } from './stamp.ts';

/** Each has a conversation of its own, and the answer to its last message behind it when it sends the next one. */
const VISITORS = 100;
const PROMPT = toPrompt({ tokens: 10, everyMs: 20, form: 'stamps' });

const calls = { run };
export type SenderCalls = typeof calls;
serveRole(calls);

async function run({ url, ...plan }: SendPlan & { url: string }): Promise<SendResult> {
  const clients = await connectAll(`${url}${NATIVE_NAMESPACE}`, VISITORS);
  const visitors = clients.map(({ socket }) => new Visitor(socket));
  const visitorAt = (index: number): Visitor => {
    const visitor = visitors[index % visitors.length];
    if (!visitor) throw new Error('There are no visitors');
    return visitor;
  };
  const acks = new Samples();
  const answers = new Samples();
  try {
    await sendSteadily(plan, async (index, counts) => {
      const { ackMs, answerMs } = await visitorAt(index).send();
      if (!counts) return;
      acks.add(ackMs);
      answers.add(answerMs);
    });
    return { ack: summarize(acks.values), answer: summarize(answers.values) };
  } finally {
    for (const { socket } of clients) socket.disconnect();
  }
}

class Visitor {
  readonly #socket: Socket;
  readonly #conversationId = randomUUID();
  /** Those who wait for an answer, oldest first: a conversation is answered in order. */
  readonly #waiting: ((text: string) => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('piece', ([, offset, text]: readonly [handle: number, offset: number, text: string]) => {
      if (offset === 0) this.#waiting.shift()?.(text);
    });
  }

  async send(): Promise<{ ackMs: number; answerMs: number }> {
    const first = Promise.withResolvers<number>();
    const sentAt = monotonicMs();
    this.#waiting.push(text => first.resolve(monotonicMs() - sentAt - providerMs(text)));
    const message = {
      conversationId: this.#conversationId,
      clientMessageId: randomUUID(),
      content: PROMPT,
    };
    const ack = (await this.#socket.emitWithAck('send', message)) as { ok: boolean };
    const ackMs = monotonicMs() - sentAt;
    if (!ack.ok) throw new Error(`refused: ${JSON.stringify(ack)}`);
    return { ackMs, answerMs: await first.promise };
  }
}

/** What the provider took from the question to its first token. */
function providerMs(text: string): number {
  const { writtenAt, askedAt } = readStamp(text.slice(0, text.indexOf(TOKEN_END)));
  if (askedAt === undefined) throw new Error('The first piece does not begin with the first token');
  return writtenAt - askedAt;
}
