import { describe, expect, test } from 'vitest';
import type { AnswerScript } from './answer-script.ts';
import { answer, failure, hangUp, pieces } from './answer-script.ts';
import type { ProviderRequest } from './provider-request.ts';
import { parseProviderRequest } from './provider-request.ts';
import type { ReplyStep } from './reply-step.ts';
import { replySteps } from './reply-steps.ts';
import {
  commentAfter,
  cutAfter,
  emptyChunkAfter,
  errorAfter,
  holdAfter,
  rawAfter,
  stallAfter,
} from './stream-fault.ts';

describe('a streamed chat answer', () => {
  test('is a role chunk, deltas, the finish reason, the usage and the end marker', () => {
    const body = bodyOf(pieces(['Hel', 'lo'], { usage: { input: 3, output: 2 } }), ask('chat'));
    expect(linesOf(body).map(summaryOfChunk)).toEqual([
      { delta: { role: 'assistant', content: '', refusal: null }, finish: null, usage: null },
      { delta: { content: 'Hel' }, finish: null, usage: null },
      { delta: { content: 'lo' }, finish: null, usage: null },
      { delta: {}, finish: 'stop', usage: null },
      {
        usage: expect.objectContaining({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }) as object,
      },
      '[DONE]',
    ]);
  });

  test('has no usage unless asked, and escapes half a surrogate pair', () => {
    const body = bodyOf(pieces(['\ud83d', '\ude00']), ask('chat', { stream_options: {} }));
    expect(body).not.toContain('usage');
    expect(body).toContain('{"content":"\\ud83d"}');
    expect(body).toContain('{"content":"\\ude00"}');
  });

  test('may lack its end marker, or its finish reason too', () => {
    expect(bodyOf(answer('a', { doneMarker: false }))).toMatch(/"usage":\{[^\n]*\n\n$/);
    expect(bodyOf(answer('a', { finishReason: 'none' }))).toMatch(/"content":"a"[^\n]*\n\n$/);
  });
});

describe('a streamed response', () => {
  test('is the documented sequence of numbered events', () => {
    const body = bodyOf(pieces(['Hel', 'lo']), ask('responses'));
    const events = linesOf(body) as { type: string; sequence_number: number }[];
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(event => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(body.match(/^event: .*$/gm)).toEqual(events.map(({ type }) => `event: ${type}`));
    expect(events.at(-1)).toMatchObject({
      response: {
        status: 'completed',
        output: [{ content: [{ text: 'Hello' }] }],
        usage: { output_tokens: 2 },
      },
    });
  });

  test('ends incomplete at a limit, with the reason', () => {
    const last = linesOf(bodyOf(answer('a', { finishReason: 'length' }), ask('responses'))).at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  test('fails in the middle with either of its error events', () => {
    const failed = (event: 'error' | 'failed') =>
      linesOf(bodyOf(answer('a b', { faults: [errorAfter(1, {}, event)] }), ask('responses'))).at(-1);
    expect(failed('error')).toMatchObject({ type: 'error', code: 'server_error' });
    expect(failed('failed')).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' } },
    });
  });
});

describe('faults and pauses', () => {
  test('stand where the script puts them, in its order', () => {
    const script = pieces(['a', 'b'], {
      acceptAfterMs: 5,
      firstAfterMs: 30,
      everyMs: 10,
      faults: [holdAfter(0), commentAfter(1, 'one'), rawAfter(1, '~'), emptyChunkAfter(1), cutAfter(2)],
    });
    expect([...replySteps(script, ask('chat'))].map(brief)).toEqual([
      'wait 5',
      'head 200',
      '"content":""',
      'hold',
      'wait 30',
      '"content":"a"',
      ': one\n\n',
      '~',
      '"choices":[]',
      'wait 10',
      '"content":"b"',
      'cut',
    ]);
  });

  test('a stall is silent for ever, or pings for ever', () => {
    const silent = [...take(6, replySteps(answer('a', { faults: [stallAfter(0)] }), ask('chat')))];
    expect(silent.slice(3).find(step => step.kind === 'wait')).toEqual({ kind: 'wait', ms: Infinity });
    const script = answer('a', { faults: [stallAfter(1, { pingEveryMs: 7 })] });
    expect([...take(9, replySteps(script, ask('chat')))].slice(5).map(brief)).toEqual([
      'wait 7',
      ': ping\n\n',
      'wait 7',
      ': ping\n\n',
    ]);
  });

  test('lines may end in another way', () => {
    const body = bodyOf(answer('a b', { lineEnd: '\r\n', faults: [commentAfter(1)] }));
    expect(body.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(body).toContain('\r\n\r\n: keep-alive\r\n\r\ndata: ');
  });

  test('refusals and hang-ups are the same for both APIs', () => {
    expect([...replySteps(hangUp(), ask('chat'))]).toEqual([{ kind: 'reset' }]);
    const [, head, end] = [...replySteps(failure(401, { code: 'invalid_api_key' }), ask('responses'))];
    expect(head).toMatchObject({ kind: 'head', status: 401 });
    expect(end).toMatchObject({
      kind: 'end',
      data: expect.stringContaining('"code":"invalid_api_key"') as string,
    });
  });
});

describe('an answer in one body', () => {
  const whole = (script: AnswerScript) => [...replySteps(script, ask('chat', { stream: false }))];

  test('takes as long as its pieces would', () => {
    const steps = whole(pieces(['a', 'b'], { firstAfterMs: 30, everyMs: 10 }));
    expect(steps.map(brief).slice(0, -1)).toEqual(['wait 0', 'wait 30', 'wait 10', 'head 200']);
    expect(steps.at(-1)).toMatchObject({
      kind: 'end',
      data: expect.stringContaining('"content":"ab"') as string,
    });
  });

  test('is cut in the middle, refused or never comes where a stream would break', () => {
    expect(whole(answer('a', { faults: [cutAfter(1)] })).at(-1)).toEqual({ kind: 'cut' });
    expect(whole(answer('a', { faults: [errorAfter(0)] }))).toContainEqual(
      expect.objectContaining({ kind: 'head', status: 500 }),
    );
    expect(whole(answer('a', { faults: [stallAfter(0)] })).at(-1)).toEqual({ kind: 'wait', ms: Infinity });
  });
});

function ask(api: ProviderRequest['api'], more: object = {}): ProviderRequest {
  const body = { model: 'm', stream: true, stream_options: { include_usage: true }, ...more };
  const request = parseProviderRequest(JSON.stringify(body), { id: 'req_1', api, at: 0, key: undefined });
  if (!request) throw new Error('not parsed');
  return request;
}

function* take<T>(count: number, items: Iterable<T>): Generator<T> {
  for (const item of items) {
    yield item;
    if (--count === 0) return;
  }
}

const bodyOf = (script: AnswerScript, request = ask('chat')): string =>
  [...replySteps(script, request)].map(step => ('data' in step ? String(step.data) : '')).join('');

const linesOf = (body: string): unknown[] =>
  Array.from(body.matchAll(/^data: (.*)$/gm), ([, data = '']) =>
    data === '[DONE]' ? data : (JSON.parse(data) as unknown),
  );

function summaryOfChunk(chunk: unknown): unknown {
  if (typeof chunk === 'string') return chunk;
  const { choices, usage } = chunk as {
    choices: { delta: object; finish_reason: string | null }[];
    usage: unknown;
  };
  const [choice] = choices;
  return choice ? { delta: choice.delta, finish: choice.finish_reason, usage } : { usage };
}

function brief(step: ReplyStep): string {
  if (step.kind === 'wait') return `wait ${step.ms}`;
  if (step.kind === 'head') return `head ${step.status}`;
  if (!('data' in step)) return step.kind;
  const text = String(step.data);
  return /"content":"[^"]*"|"choices":\[\]/.exec(text)?.[0] ?? text;
}
