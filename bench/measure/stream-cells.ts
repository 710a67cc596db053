import type { Lab } from '../lab.ts';
import type { AnswerOrder } from '../load/answer-order.ts';
import type { StreamSubject } from '../load/stream-subject.ts';
import type { Repeats } from './repeats.ts';
import { toCell, type StreamCell } from './stream-cell.ts';
import { streamTrial, type StreamTrial } from './stream-trial.ts';

export interface SubjectCells {
  readonly product: StreamCell;
  /** The SDK alone, and the bare relay; measured for rows a and b. */
  readonly sdk: StreamCell;
  readonly relay: StreamCell;
  /** The relay when Redis keeps the text; measured for row b. */
  readonly loggingRelay: StreamCell;
  /** Measured for row k. */
  readonly original: StreamCell;
}

type SubjectName = keyof SubjectCells;

/** Programs are slow until they have run for a while: this is asked of a subject first, and not measured. */
const WARM_UP: { streams: number; order: AnswerOrder } = {
  streams: 200,
  order: { tokens: 300, everyMs: 20, form: 'stamps' },
};

/** Streams at which rows a, b and k meet. */
export const COMMON_STREAMS = 200;

/** Latency and CPU of everything that streams, side by side. Rows that want the same streams share the measurement. */
export class StreamCells {
  readonly #lab: Lab;
  readonly #repeats: Repeats;
  readonly #warm = new Set<StreamSubject>();
  readonly #cells = new Map<number, Promise<Map<SubjectName, StreamCell>>>();

  constructor(lab: Lab, repeats: Repeats) {
    this.#lab = lab;
    this.#repeats = repeats;
  }

  async at(streams: number): Promise<SubjectCells> {
    const measured = this.#cells.get(streams) ?? this.#measure(streams);
    this.#cells.set(streams, measured);
    const cells = await measured;
    const cell = (name: SubjectName): StreamCell => {
      const found = cells.get(name);
      if (!found) throw new Error(`${name} was not measured at ${streams} streams`);
      return found;
    };
    return {
      product: cell('product'),
      get sdk() {
        return cell('sdk');
      },
      get relay() {
        return cell('relay');
      },
      get loggingRelay() {
        return cell('loggingRelay');
      },
      get original() {
        return cell('original');
      },
    };
  }

  async #measure(streams: number): Promise<Map<SubjectName, StreamCell>> {
    const { runs, quick } = this.#lab.settings;
    const order: AnswerOrder = { tokens: quick ? 200 : 300, everyMs: 20, form: 'stamps' };
    const subjects = await this.#subjects(streams);
    for (const subject of subjects.values()) await this.#warmUp(subject);
    const trials = new Map<SubjectName, StreamTrial[]>();
    for (let run = 0; run < runs; run++) {
      for (const [name, subject] of subjects) {
        const trial = await this.#repeats.measure(() => streamTrial(subject, streams, order));
        trials.set(name, [...(trials.get(name) ?? []), trial]);
      }
    }
    return new Map([...trials].map(([name, made]) => [name, toCell(made)]));
  }

  async #warmUp(subject: StreamSubject): Promise<void> {
    if (this.#warm.has(subject)) return;
    this.#warm.add(subject);
    await subject.ask(WARM_UP);
  }

  async #subjects(streams: number): Promise<Map<SubjectName, StreamSubject>> {
    const { rows } = this.#lab.settings;
    const subjects = new Map<SubjectName, StreamSubject>();
    if (rows.includes('a') || rows.includes('b')) {
      subjects.set('sdk', await this.#lab.sdkStreams());
      subjects.set('relay', await this.#lab.relayStreams({ keepsLog: false }));
    }
    if (rows.includes('b') && streams === COMMON_STREAMS) {
      subjects.set('loggingRelay', await this.#lab.relayStreams({ keepsLog: true }));
    }
    if (rows.includes('k') && streams === COMMON_STREAMS) {
      subjects.set('original', await this.#lab.originalStreams());
    }
    subjects.set('product', await this.#lab.productStreams());
    return subjects;
  }
}
