import { createLogger, errorHandler, listen } from '@parley/platform';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { refuseWhile } from './refuse-while.ts';

test('while the store is away a call is refused at once, and does not reach it', async () => {
  let isAway = true;
  const app = express()
    .use(refuseWhile(() => isAway))
    .get('/', (_request, response) => {
      response.json('from the store');
    })
    .use(errorHandler({ log: createLogger({ service: 'test', level: 'silent' }), showStack: false }));
  const http = await listen(app, { port: 0, host: '127.0.0.1' });
  onTestFinished(() => http.stop(0));
  const call = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${http.port}`)).json();
  expect(await call()).toMatchObject({ code: 'HISTORY_UNAVAILABLE', retryAfterMs: 1_000 });
  isAway = false;
  expect(await call()).toBe('from the store');
});
