import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Playback } from './playback.ts';
import type { ReplyStep } from './reply-step.ts';

const timers = (): number =>
  process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length;

function playing(steps: ReplyStep[]): { playback: Playback; seen: string[] } {
  const seen: string[] = [];
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const playback = new Playback(steps, response, {
    onHold: held => seen.push(held ? 'held' : 'released'),
    onEnd: () => seen.push('ended'),
  });
  playback.start();
  return { playback, seen };
}

test('stopping clears the timer and says that the end was not reached', () => {
  const before = timers();
  const { playback, seen } = playing([{ kind: 'wait', ms: 60_000 }]);
  expect(timers()).toBe(before + 1);
  expect(playback.stop()).toBe(true);
  expect(timers()).toBe(before);
  expect(playback.stop()).toBe(false);
  expect(seen).toEqual([]);
});

test('an endless wait needs no timer', () => {
  const before = timers();
  const { playback } = playing([{ kind: 'wait', ms: Infinity }]);
  expect(timers()).toBe(before);
  expect(playback.stop()).toBe(true);
});

test('a permit lets the hold pass that it waits at, or the next ones', () => {
  const { playback, seen } = playing([{ kind: 'hold' }, { kind: 'hold' }, { kind: 'hold' }]);
  expect(seen).toEqual(['held']);
  playback.permit(2);
  expect(seen).toEqual(['held', 'released', 'held']);
  playback.permit(1);
  expect(seen).toEqual(['held', 'released', 'held', 'released', 'ended']);
  expect(playback.stop()).toBe(false);
});
