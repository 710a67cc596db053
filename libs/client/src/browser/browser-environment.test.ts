import { afterEach, expect, test, vi } from 'vitest';
import type { WakeEvent } from '../environment.ts';
import { memoryStorage } from '../storage/key-value-storage.ts';
import { browserEnvironment } from './browser-environment.ts';

class FakeDocument extends EventTarget {
  visibilityState: 'visible' | 'hidden' = 'visible';
}

/** A page as far as the client looks at it. */
function page(localStorage: () => unknown = memoryStorage) {
  const window = Object.defineProperty(new EventTarget(), 'localStorage', { get: localStorage });
  const document = new FakeDocument();
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', document);
  return { window, document };
}

function watch() {
  const heard: WakeEvent[] = [];
  const unwatch = browserEnvironment().watchWakeEvents(event => heard.push(event));
  return { heard, unwatch };
}

const pageshow = (persisted: boolean): Event => Object.assign(new Event('pageshow'), { persisted });

afterEach(() => {
  vi.unstubAllGlobals();
});

test('the network comes and goes', () => {
  const { window } = page();
  const { heard } = watch();
  window.dispatchEvent(new Event('offline'));
  window.dispatchEvent(new Event('online'));
  expect(heard).toEqual(['offline', 'online']);
});

test('a page that is looked at again wakes the client, one that is left does not', () => {
  const { document } = page();
  const { heard } = watch();
  document.visibilityState = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  expect(heard).toEqual([]);
  document.visibilityState = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  expect(heard).toEqual(['wake']);
});

test('a page that comes back from the page cache wakes the client, one that is loaded does not', () => {
  const { window } = page();
  const { heard } = watch();
  window.dispatchEvent(pageshow(false));
  expect(heard).toEqual([]);
  window.dispatchEvent(pageshow(true));
  expect(heard).toEqual(['wake']);
});

test('who watches no more hears nothing', () => {
  const { window, document } = page();
  const { heard, unwatch } = watch();
  unwatch();
  for (const name of ['online', 'offline']) window.dispatchEvent(new Event(name));
  window.dispatchEvent(pageshow(true));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(heard).toEqual([]);
});

test('remembers in the page’s localStorage', () => {
  const storage = memoryStorage();
  page(() => storage);
  expect(browserEnvironment().storage).toBe(storage);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('cookies are blocked');
    },
  ],
  ['is missing', () => undefined],
])('remembers as long as the page lives where localStorage %s', async (_, localStorage) => {
  page(localStorage);
  const { storage } = browserEnvironment();
  await storage.setItem('key', 'value');
  expect(await storage.getItem('key')).toBe('value');
});

test('without a page there is nothing to watch, and a storage all the same', async () => {
  const { heard, unwatch } = watch();
  unwatch();
  expect(heard).toEqual([]);
  expect(await browserEnvironment().storage.getItem('key')).toBeNull();
});

test('ids are long and never the same', () => {
  const { newId } = browserEnvironment();
  expect(newId()).toMatch(/^[0-9a-f]{32}$/);
  expect(newId()).not.toBe(newId());
});

test('what comes after a while can be called off', () => {
  vi.useFakeTimers();
  try {
    const { after } = browserEnvironment();
    const ran: string[] = [];
    after(1_000, () => ran.push('one'));
    after(1_000, () => ran.push('two'))();
    vi.advanceTimersByTime(1_000);
    expect(ran).toEqual(['one']);
  } finally {
    vi.useRealTimers();
  }
});
