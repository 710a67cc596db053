import { runService } from '@parley/platform';
import { readConfig } from './config.ts';
import { startGateway } from './gateway.ts';

await runService(() => {
  const { config, secrets } = readConfig(process.env);
  return {
    name: 'gateway',
    level: config.LOG_LEVEL,
    graceMs: config.SHUTDOWN_GRACE_MS,
    start: (log, releases) => startGateway(config, secrets, log, releases),
  };
});
