import type { RowId } from '../settings.ts';
import { latency } from './a-latency.ts';
import { cpuPerToken } from './b-cpu-per-token.ts';
import { acknowledgement } from './d-acknowledgement.ts';
import { bytes } from './e-bytes.ts';
import { takeover } from './i-takeover.ts';
import { originalDesign } from './k-original-design.ts';
import { stop } from './p10-stop.ts';
import type { Row } from './row.ts';

export const rows: Readonly<Record<RowId, Row>> = {
  a: latency,
  b: cpuPerToken,
  d: acknowledgement,
  e: bytes,
  i: takeover,
  k: originalDesign,
  p10: stop,
};
