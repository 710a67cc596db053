import type { ClosedAnswerStatus } from '@parley/contracts';
import type { Metrics } from '@parley/platform';
import type { BenchReason } from '../keys/key-pool.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { Refusal } from './merging-writer.ts';
import type { PumpResult } from './pump.ts';

const FIRST_TEXT_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** What is counted about answers. */
export class AnswerMetrics {
  readonly #answers;
  readonly #firstText;
  readonly #characters;
  readonly #merged;
  readonly #refused;
  readonly #errors;
  readonly #benches;
  #active = 0;

  constructor(metrics: Metrics) {
    this.#answers = metrics.counter('parley_answers_total', 'Answers handed to history', ['status']);
    this.#firstText = metrics.histogram(
      'parley_first_text_seconds',
      'From the request to the provider to its first text',
      FIRST_TEXT_BUCKETS,
    );
    this.#characters = metrics.counter('parley_streamed_characters_total', 'Text shown, UTF-16 code units');
    this.#merged = metrics.counter(
      'parley_merged_pieces_total',
      'Pieces of text that travelled together with the one before',
    );
    this.#refused = metrics.counter('parley_refused_writes_total', 'Writes that the answer log refused', [
      'reason',
    ]);
    this.#errors = metrics.counter('parley_provider_errors_total', 'Runs that failed at the provider', [
      'kind',
    ]);
    this.#benches = metrics.counter('parley_key_benches_total', 'Provider keys put aside for a while', [
      'reason',
    ]);
    metrics.gauge('parley_active_answers', 'Answers this worker is working on', () => this.#active);
  }

  /** @returns what to dispose of when the work is over. */
  begin(): Disposable {
    this.#active += 1;
    return { [Symbol.dispose]: () => void (this.#active -= 1) };
  }

  ran(result: PumpResult): void {
    if (result.firstTextMs !== undefined) this.#firstText.observe(result.firstTextMs / 1_000);
    this.#characters.inc(result.text.length);
    this.#merged.inc(result.mergedPieces);
    if (result.reason === 'failed' && result.error instanceof ProviderError)
      this.#errors.inc({ kind: result.error.kind });
  }

  refused({ by }: Refusal): void {
    this.#refused.inc({ reason: by });
  }

  finished(status: ClosedAnswerStatus): void {
    this.#answers.inc({ status });
  }

  benched(reason: BenchReason): void {
    this.#benches.inc({ reason });
  }
}
