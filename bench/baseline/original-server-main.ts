import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { OpenAI } from 'openai';
import { Server, type Socket } from 'socket.io';
import { serveRole } from '../load/serve-role.ts';
import { Conversations } from './conversations.ts';

interface Question {
  readonly message: string;
  readonly conversationId: string;
}

const calls = { start };
export type OriginalServerCalls = typeof calls;
serveRole(calls);

/** The original design: everything in one process. @returns where clients connect. */
async function start({ providerUrl }: { providerUrl: string }): Promise<string> {
  const conversations = new Conversations();
  const openai = new OpenAI({ baseURL: providerUrl, apiKey: 'sk-bench', maxRetries: 0 });
  const app = express();
  app.use(express.json());
  app.get('/api/health', (_, response) => void response.json({ status: 'OK' }));
  app.get('/api/conversations', (_, response) => void response.json(conversations.list()));
  const http = createServer(app);
  const io = new Server(http);
  io.on('connection', socket => {
    socket.on('join_conversation', ({ conversationId }: Question) => void socket.join(conversationId));
    socket.on('stream_chat', (question: Question) => {
      answer(io, socket, openai, conversations, question).catch((error: unknown) =>
        socket.emit('error', { message: String(error) }),
      );
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** Emits the text so far with every token. */
async function answer(
  io: Server,
  socket: Socket,
  openai: OpenAI,
  conversations: Conversations,
  { message: question, conversationId }: Question,
): Promise<void> {
  await socket.join(conversationId);
  conversations.add(conversationId, 'user', question);
  const history = conversations.get(conversationId)?.messages ?? [];
  const messages = history.map(({ role, content }) => ({ role, content }));
  const stream = await openai.chat.completions.create({ model: 'scripted', messages, stream: true });
  const reply = conversations.add(conversationId, 'assistant', '');
  const messageId = reply.id;
  io.to(conversationId).emit('stream_start', { messageId, conversationId });
  for await (const chunk of stream) {
    const text = chunk.choices[0]?.delta.content ?? '';
    if (text === '') continue;
    reply.content += text;
    io.to(conversationId).emit('stream_chunk', { messageId, content: reply.content, isComplete: false });
  }
  io.to(conversationId).emit('stream_chunk', { messageId, content: reply.content, isComplete: true });
  io.to(conversationId).emit('stream_complete', { messageId, conversationId });
}
