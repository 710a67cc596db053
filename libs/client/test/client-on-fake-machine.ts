import type { NativeMessage } from '@parley/contracts';
import { createParleyClient, type ParleyClientOptions } from '../src/parley-client.ts';
import { FakeMachine, settled } from './fake-machine.ts';

export const at = { conversationId: 'c-1' };
export const row = (seq: number, fields: Partial<NativeMessage> = {}): NativeMessage => ({
  ...at,
  ...{ id: `m${seq}`, seq, role: 'user', content: `text ${seq}`, status: 'complete' },
  createdAt: '2026-01-01T00:00:00.000Z',
  ...fields,
});

export const resumed = (messages: NativeMessage[] = [], fields: object = {}) => ({
  ...{ ok: true, ...at, token: 'issued', mode: 'ai', doubleText: 'queue', hasNewer: false },
  ...{ messages, pieces: [], ...fields },
});

/** A client whose machine and servers are the test's. */
export function clientOnFakeMachine(options: Partial<ParleyClientOptions> = {}) {
  const machine = new FakeMachine(options.storage);
  const client = createParleyClient({ url: 'http://gateway', ...machine.environment, ...options });
  const connect = async (): Promise<void> => {
    client.start();
    await settled();
    machine.link.listener.connected();
  };
  const goOnline = async (messages: NativeMessage[] = []): Promise<void> => {
    await connect();
    machine.link.call('resume').answer(resumed(messages));
    await settled();
  };
  return { machine, client, connect, goOnline };
}
