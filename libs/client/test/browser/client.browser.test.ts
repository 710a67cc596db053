import { Cluster, ScriptedProvider, answer } from '@parley/testkit';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SwitchableProxy } from '../switchable-proxy.ts';
import { ClientPage } from './client-page.ts';
import { findChromium } from './find-chromium.ts';
import { PageServer } from './page-server.ts';

const executablePath = findChromium(process.env);

describe.skipIf(executablePath === undefined)('the client in a browser', () => {
  let browser: Browser;
  let provider: ScriptedProvider;
  let cluster: Cluster;
  let pages: PageServer;
  let proxy: SwitchableProxy;
  /** One visitor's browser, with a storage of its own. */
  let visitor: BrowserContext;

  beforeAll(async () => {
    // Root, as which CI runs, has no sandbox; the pages are our own.
    browser = await chromium.launch({ executablePath: executablePath ?? '', chromiumSandbox: false });
    provider = await ScriptedProvider.start();
    provider.script(answer('Yes'));
    cluster = await Cluster.start({ provider, env: { AUTH_MODE: 'token', FRONTEND_URL: '*' } });
    pages = await PageServer.start();
  });
  afterAll(async () => {
    await pages[Symbol.asyncDispose]();
    await cluster.stop();
    await provider.stop();
    await browser.close();
  });
  beforeEach(async () => {
    visitor = await browser.newContext();
    proxy = await SwitchableProxy.start(cluster.gateways[0]?.port);
  });
  afterEach(async () => {
    await visitor.close();
    await proxy[Symbol.asyncDispose]();
  });

  const open = (): Promise<ClientPage> => ClientPage.open(visitor, pages.url, proxy.url);
  const goDown = (): void => {
    proxy.target = undefined;
    proxy.dropAll();
  };
  const comeBack = (): void => {
    proxy.target = cluster.gateways[0]?.port;
  };

  test('says something, is answered, and shows it again after a reload', async () => {
    const page = await open();
    await page.send('Hello');
    await page.untilLines('Hello', 'Yes');
    await page.reload();
    await page.untilLines('Hello', 'Yes');
  });

  test('what was written while the gateway was away outlives a reload, and is sent once it is back', async () => {
    const page = await open();
    await page.untilConnection('online');
    goDown();
    await page.untilConnection('waiting');
    await page.send('Still there?');
    await page.reload();
    await page.untilLines('Still there?…');
    comeBack();
    await page.untilLines('Still there?', 'Yes');
  });

  test('without a network it waits, and with it everything goes on at once', async () => {
    const page = await open();
    await page.untilConnection('online');
    await visitor.setOffline(true);
    await page.untilConnection('offline');
    await page.send('Hello?');
    await page.untilLines('Hello?…');
    await visitor.setOffline(false);
    await page.untilLines('Hello?', 'Yes');
  });

  test('two tabs of a first visit share one conversation and one message', async () => {
    goDown();
    const first = await open();
    await first.send('Hello');
    const second = await open();
    await second.untilLines('Hello…');
    const asked = provider.requests.length;
    comeBack();
    for (const tab of [first, second]) await tab.untilLines('Hello', 'Yes');
    await second.send('Both of us?');
    for (const tab of [first, second]) await tab.untilLines('Hello', 'Yes', 'Both of us?', 'Yes');
    expect(provider.requests.length - asked).toBe(2);
  });
});
