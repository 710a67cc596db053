import { waitFor } from '@parley/testkit';
import type { BrowserContext, Page } from 'playwright-core';
import type { ParleyClient, ParleySnapshot } from '../../src/index.ts';

declare global {
  var client: ParleyClient;
}

/** A tab that shows the page of a `PageServer`. */
export class ClientPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(context: BrowserContext, pageUrl: string, gatewayUrl: string): Promise<ClientPage> {
    const page = await context.newPage();
    const opened = new ClientPage(page);
    await page.goto(`${pageUrl}/?gateway=${encodeURIComponent(gatewayUrl)}`);
    await opened.#hasStarted();
    return opened;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.#hasStarted();
  }

  async send(text: string): Promise<void> {
    await this.page.evaluate(said => globalThis.client.send(said), text);
  }

  async snapshot(): Promise<ParleySnapshot> {
    return this.page.evaluate(() => globalThis.client.getSnapshot());
  }

  async untilConnection(state: ParleySnapshot['connection']): Promise<void> {
    await this.#until(`the connection to be ${state}`, ({ connection }) => connection === state);
  }

  /** Resolves when exactly these lines are shown; what is not stored yet ends with `…`. */
  async untilLines(...lines: string[]): Promise<void> {
    await this.#until(`the lines ${lines.join(', ')}`, snapshot => {
      const shown = snapshot.transcript.entries.map(entry =>
        entry.kind === 'answer' ? `${entry.text}…` : entry.content + (entry.kind === 'outgoing' ? '…' : ''),
      );
      return JSON.stringify(shown) === JSON.stringify(lines);
    });
  }

  async #hasStarted(): Promise<void> {
    await this.page.waitForFunction(() => 'client' in globalThis);
  }

  async #until(what: string, holds: (snapshot: ParleySnapshot) => boolean): Promise<void> {
    await waitFor(async () => holds(await this.snapshot()), { what, deadlineMs: 20_000 }).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}; shown: ${JSON.stringify(await this.snapshot(), null, 1)}`);
      },
    );
  }
}
