import { expect } from 'vitest';
import { call } from './rest-client.ts';

/** A visitor of a gateway with AUTH_MODE=token. */
export interface TokenVisitor {
  readonly token: string;
  /** The conversation that came with the token. */
  readonly sessionId: string;
  readonly headers: { authorization: string };
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

export async function newVisitor(url: string): Promise<TokenVisitor> {
  const { status, body } = await call(url, '/api/chat/session', { body: {} });
  expect(status).toBe(200);
  const { token, sessionId } = body as { token: string; sessionId: string };
  return { token, sessionId, headers: bearer(token) };
}

/** A visitor whose conversation has a question and an answer. */
export async function talkativeVisitor(url: string): Promise<TokenVisitor & { readonly answerId: string }> {
  const visitor = await newVisitor(url);
  const question = { message: 'My secret is 42', conversationId: visitor.sessionId };
  const { status, body } = await call(url, '/api/chat', { body: question, headers: visitor.headers });
  expect(status).toBe(200);
  return { ...visitor, answerId: body.message.id as string };
}
