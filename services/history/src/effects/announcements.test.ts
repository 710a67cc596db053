import { closeRedis, connectRedis, createLogger, FramePublisher } from '@parley/platform';
import { freePort } from '@parley/testkit';
import { expect, test } from 'vitest';
import { Announcements } from './announcements.ts';

test('so much waits for Redis while it is away, and what is beyond is dropped and counted', async () => {
  const log = createLogger({ service: 'test', level: 'silent' });
  const redis = connectRedis(`redis://127.0.0.1:${await freePort()}`, 'jobs', log);
  let dropped = 0;
  const announcements = new Announcements(
    new FramePublisher(redis),
    { announcementDropped: () => (dropped += 1) },
    log,
  );
  for (let said = 0; said < 2_010; said += 1) announcements.conversationChanged(`c_${said}`);
  expect(dropped).toBe(10);
  await closeRedis(redis);
  await announcements.settled();
  announcements.conversationChanged('c_later');
  expect(dropped).toBe(10);
});
