import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';
import { waitFor } from './wait-for.ts';

/** Says what it hears. */
let echo: Server;

beforeEach(async () => {
  echo = createServer(socket => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    echo.close();
    await once(echo, 'close');
  });
});

/** Relays those who begin with `yes`. */
class YesProxy extends TcpProxy {
  protected override accept(client: Socket): void {
    client.once('data', (head: Buffer) => {
      if (head.toString().startsWith('yes'))
        this.relay(client, (echo.address() as AddressInfo).port, { head });
      else client.destroy();
    });
  }
}

/** A client that has said something, and what it hears. */
function say(proxy: TcpProxy, text: string): { client: Socket; heard: () => string } {
  const client = connect(proxy.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  client.write(text);
  return { client, heard: () => Buffer.concat(chunks).toString() };
}

test('what is said goes through, both ways, also what was read before', async () => {
  await using proxy = await new YesProxy().listen();
  const { client, heard } = say(proxy, 'yes');
  await waitFor(() => heard() === 'yes', { what: 'the echo' });
  client.write(', and more');
  await waitFor(() => heard() === 'yes, and more', { what: 'the rest' });
});

test('who is not relayed hears nothing', async () => {
  await using proxy = await new YesProxy().listen();
  const { client, heard } = say(proxy, 'no');
  await once(client, 'close');
  expect(heard()).toBe('');
});

test('one end that closes takes the other along', async () => {
  await using proxy = await new YesProxy().listen();
  const accepted = once(echo, 'connection') as Promise<[Socket]>;
  const { client } = say(proxy, 'yes');
  const clientGone = once(client, 'close');
  (await accepted)[0].resetAndDestroy();
  await clientGone;
});

test('it cuts its connections, and is gone when it is disposed of', async () => {
  const proxy = await new YesProxy().listen();
  const accepted = once(echo, 'connection') as Promise<[Socket]>;
  const { client } = say(proxy, 'yes');
  const bothGone = Promise.all([once(client, 'close'), once((await accepted)[0], 'close')]);
  proxy.dropAll();
  await bothGone;
  const { port } = proxy;
  await proxy[Symbol.asyncDispose]();
  await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
