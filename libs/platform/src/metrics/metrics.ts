import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** One process's metrics, in a registry of its own so that a test may start several services in one process. */
export class Metrics {
  readonly #registry = new Registry();

  /** @param service becomes the label `service` of every series. */
  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.#registry });
  }

  counter(name: string, help: string): Counter;
  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L>;
  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  /** @param read is called at each scrape; what it cannot find out is not a number. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        try {
          this.set(await read());
        } catch {
          // One number less is no reason to tell nothing at all.
          this.set(NaN);
        }
      },
    });
  }

  /** @param buckets upper bounds, in the unit that the name ends with. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: [this.#registry] });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async render(): Promise<string> {
    return this.#registry.metrics();
  }
}
