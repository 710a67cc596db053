import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { StreamChat } from './chat/stream-chat.ts';
import { readEnvironment } from './environment.ts';

const DEFAULT_PORT = '5001';

const print = (text: string): void => {
  process.stdout.write(text);
};

/** Every line is a message, until Ctrl-D or Ctrl-C. */
async function converse(chat: StreamChat): Promise<void> {
  using terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: 'You:    ' });
  // Lines that are piped in end before they are all answered.
  const input = { hasEnded: false };
  terminal.once('close', () => (input.hasEnded = true));
  terminal.prompt();
  for await (const line of terminal) {
    if (line.trim() !== '') {
      print('Parley: ');
      await chat.ask(line, print);
      print('\n');
    }
    if (!input.hasEnded) terminal.prompt();
  }
  print('\n');
}

async function main(message: string): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { PARLEY_URL, PORT = DEFAULT_PORT } = readEnvironment(root, process.env);
  using chat = await StreamChat.open(PARLEY_URL ?? `http://127.0.0.1:${PORT}`);
  if (message === '') {
    await converse(chat);
  } else {
    await chat.ask(message, print);
    print('\n');
  }
}

try {
  await main(process.argv.slice(2).join(' ').trim());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
