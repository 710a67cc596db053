import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { networkOf } from '../access/network-of.ts';
import { clientAddress } from './client-address.ts';

function requestFrom(remoteAddress: string, forwardedFor?: string): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  if (forwardedFor !== undefined) request.headers['x-forwarded-for'] = forwardedFor;
  return request;
}

test.each([
  [0, undefined, '10.0.0.1'],
  [0, '1.1.1.1', '10.0.0.1'],
  [1, undefined, '10.0.0.1'],
  [1, '1.1.1.1', '1.1.1.1'],
  [1, '6.6.6.6, 1.1.1.1', '1.1.1.1'],
  [2, '6.6.6.6, 1.1.1.1, 2.2.2.2', '1.1.1.1'],
  [1, '1.1.1.1:4711', '1.1.1.1'],
  [1, '::ffff:1.1.1.1', '1.1.1.1'],
  [1, '[2001:db8::1]:443', '2001:db8::1'],
  [1, '2001:db8::1', '2001:db8::1'],
  [1, 'unknown', '10.0.0.1'],
  [1, 'x'.repeat(5_000), '10.0.0.1'],
])('with %i proxies, "%s" is from %s', (hops, forwardedFor, address) => {
  expect(clientAddress(requestFrom('::ffff:10.0.0.1', forwardedFor), hops)).toBe(address);
});

test('an IPv6 client counts with its whole network, an IPv4 client alone', () => {
  expect(networkOf('2001:db8:0:1::1')).toBe(networkOf('2001:db8:0:ff:1:2:3:4'));
  expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8:1::1'));
  expect(networkOf('1.1.1.1')).toBe('1.1.1.1');
});
