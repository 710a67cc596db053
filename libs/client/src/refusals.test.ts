import { expect, test } from 'vitest';
import { clientOnFakeMachine, resumed } from '../test/client-on-fake-machine.ts';
import { settled } from '../test/fake-machine.ts';

test('shows why the server has refused until it is connected', async () => {
  const { machine, client } = clientOnFakeMachine();
  client.start();
  await settled();
  const error = { code: 'RATE_LIMIT_EXCEEDED' as const, message: 'Slow down', retryAfterMs: 100 };
  machine.link.listener.lost(error);
  expect(client.getSnapshot()).toMatchObject({ connection: 'waiting', error });
  await machine.pass(1_000);
  expect(client.getSnapshot()).toMatchObject({ connection: 'connecting', error });
  machine.link.listener.connected();
  machine.link.call('resume').answer(resumed());
  await settled();
  expect(client.getSnapshot()).toMatchObject({ connection: 'online', error: undefined });
});

test('shows why a repair was refused until one succeeds, and tells that it has', async () => {
  const { machine, client, goOnline } = clientOnFakeMachine();
  await goOnline();
  machine.say('wake');
  const error = { code: 'HISTORY_UNAVAILABLE', message: 'Try again', retryAfterMs: 100 };
  machine.link.call('resume').answer({ ok: false, error });
  await settled();
  expect(client.getSnapshot()).toMatchObject({ connection: 'online', error });
  const shown: unknown[] = [];
  client.subscribe(() => shown.push(client.getSnapshot().error));
  await machine.pass(2_000);
  machine.link.call('resume').answer(resumed());
  await settled();
  expect(shown).toEqual([undefined]);
});
