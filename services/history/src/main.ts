import { runService } from '@parley/platform';
import { readConfig } from './config.ts';
import { startHistory } from './history-service.ts';

await runService(() => {
  const config = readConfig(process.env);
  return {
    name: 'history',
    level: config.LOG_LEVEL,
    graceMs: config.SHUTDOWN_GRACE_MS,
    start: (log, releases) => startHistory(config, log, releases),
  };
});
