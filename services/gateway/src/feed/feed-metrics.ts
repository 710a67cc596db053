import type { Metrics } from '@parley/platform';
import type { DeafnessProbe } from './deafness-probe.ts';
import type { FeedHub } from './feed-hub.ts';

/** How well this gateway hears what is said. */
export function feedMetrics(metrics: Metrics, hub: FeedHub, probe: DeafnessProbe): void {
  metrics.gauge(
    'parley_gateway_feeds_behind',
    'Conversations that missed something and have not caught up yet',
    () => hub.behind,
  );
  const repairs = metrics.counter(
    'parley_gateway_gap_repairs_total',
    'Gaps in the text of an answer, read from the answer log',
  );
  hub.addListener({ gapFound: () => repairs.inc() });
  const rebuilds = metrics.counter(
    'parley_gateway_deaf_rebuilds_total',
    'New connections for a subscriber that had become deaf',
  );
  probe.onRebuild(() => rebuilds.inc());
}
