import { setTimeout as pause } from 'node:timers/promises';
import type { AnswerEnd, OnText, Provider, ProviderRequest } from '../provider.ts';

const DEMO_TEXT =
  'This is a demo response. To enable AI responses, add your OpenAI API key to the environment variables.';

/** Stands in for a model as long as no key is configured. */
export class DemoProvider implements Provider {
  readonly #wordMs: number;

  /** @param wordMs milliseconds between two words. */
  constructor(wordMs: number) {
    this.#wordMs = wordMs;
  }

  async stream({ signal }: ProviderRequest, onText: OnText): Promise<AnswerEnd> {
    for (const word of DEMO_TEXT.split(/(?= )/)) {
      await pause(this.#wordMs, undefined, { signal });
      await onText(word);
    }
    return { reason: 'stop' };
  }

  readyInMs(): Promise<number> {
    return Promise.resolve(0);
  }
}
