import { runService } from '@parley/platform';
import { startAiWorker } from './ai-worker.ts';
import { readConfig } from './config.ts';

await runService(() => {
  const config = readConfig(process.env);
  return {
    name: 'ai-worker',
    level: config.settings.LOG_LEVEL,
    graceMs: config.settings.SHUTDOWN_GRACE_MS,
    start: (log, releases) => startAiWorker(config, log, releases),
  };
});
