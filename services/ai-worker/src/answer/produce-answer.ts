import { ParleyError, type AnswerClaim, type EndAs } from '@parley/contracts';
import { endAskedBy, scoped, type AnswerEnding, type AnswerRef, type Log } from '@parley/platform';
import { buildContext } from '../context/build-context.ts';
import type { AnswerPorts, AnswerSettings } from './answer-ports.ts';
import { verdictOn } from './answer-verdict.ts';
import { APOLOGY, apologyFor } from './apology.ts';
import { endingOf } from './ending.ts';
import { MergingWriter, type AnswerSink } from './merging-writer.ts';
import { pump, type PumpResult } from './pump.ts';
import { restoreLog } from './restore-log.ts';
import { UnsettledClaim } from './unsettled-claim.ts';

/** An answer that somebody waits for. */
export interface AnswerOrder extends AnswerRef {
  /** Milliseconds since 1970. */
  readonly queuedAt: number;
  /** Milliseconds since 1970 by this machine's clock: from then on somebody else may have been given the order. */
  readonly oursUntil: number;
  /** Names the claim. No two workers may have the same, nor one worker again after the claim was answered. */
  readonly claimId: string;
}

/** `wait`: nothing has happened yet; try again after `ms`. */
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'wait'; readonly ms: number };

/** One run at an answer. */
interface Attempt {
  readonly answer: AnswerRef;
  readonly epoch: number;
  readonly sink: AnswerSink;
}
type Run = Extract<AnswerClaim, { outcome: 'run' }>;

/** How long a visitor is left waiting for a rate-limited provider, counted from the moment the answer was queued. */
const PATIENCE_MS = 120_000;
/** A deleted answer's log keeps old workers out for a while, and so the one that was asked for again. */
const FORGOTTEN_RETRY_MS = 2_000;
const DONE: Outcome = { kind: 'done' };

/** Turns the order for an answer into its text, shown as it comes, and tells history how it ended. */
export class ProduceAnswer {
  readonly #ports: AnswerPorts;
  readonly #settings: AnswerSettings;
  readonly #log: Log;

  constructor(ports: AnswerPorts, settings: AnswerSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#log = scoped(ports.log, { component: 'ProduceAnswer', function: 'produce' });
  }

  /**
   * @param signal lets go of the answer at once, without ending it.
   * @throws UnsettledClaim: the order must be repeated with the same claim.
   * @throws anything else: the order must be repeated with a new one.
   */
  async produce(order: AnswerOrder, signal: AbortSignal): Promise<Outcome> {
    const patienceMs = order.queuedAt + PATIENCE_MS - Date.now();
    await using held = new AsyncDisposableStack();
    const heartbeat = this.#ports.startHeartbeat(order);
    held.defer(() => heartbeat.then(beating => beating[Symbol.dispose]()).catch(() => undefined));
    // In one trip to Redis, for which somebody waits.
    const [readyInMs] = await Promise.all([this.#ports.provider.readyInMs(), heartbeat]);
    if (readyInMs > 0 && readyInMs <= patienceMs) return waitFor(readyInMs);
    signal.throwIfAborted();
    // A process that stood still reads replies of long ago, and its claim would take the answer from whoever has it now.
    if (Date.now() >= order.oursUntil) return waitFor(0);
    held.use(this.#ports.metrics.begin());
    const claim = await this.#claim(order);
    switch (claim.outcome) {
      case 'closed':
        return DONE;
      case 'exhausted':
      case 'run': {
        const attempt = this.#attempt(order, claim.epoch);
        const done = await this.#handOver(attempt);
        if (done) return done;
        return claim.outcome === 'run'
          ? await this.#run(attempt, claim, signal, patienceMs)
          : await this.#endWithShown(attempt, claim.endAs);
      }
    }
  }

  async #claim({ conversationId, answerId, claimId }: AnswerOrder): Promise<AnswerClaim> {
    const { maxMessages: contextMessages } = this.#settings.context;
    const request = { conversationId, answerId, claimId, contextMessages };
    try {
      return await this.#ports.history.call('claimAnswer', request);
    } catch (error) {
      // Deleted while the order waited.
      const gone = error instanceof ParleyError && error.status === 404;
      if (gone) return { outcome: 'closed' };
      throw new UnsettledClaim(claimId, error);
    }
  }

  #attempt({ conversationId, answerId }: AnswerOrder, epoch: number): Attempt {
    const answer = { conversationId, answerId };
    const { append } = this.#ports;
    const sink: AnswerSink = {
      append: (offset, text) => append({ answer, epoch, offset, text }),
      restore: text => restoreLog({ answer, epoch, text }, this.#ports),
    };
    return { answer, epoch, sink };
  }

  /** An earlier run may have ended the answer and died before history had heard of it. */
  async #handOver(attempt: Attempt): Promise<Outcome | undefined> {
    const { answer, epoch } = attempt;
    const kept = epoch > 1 ? await this.#ports.answerLog.read(answer) : undefined;
    if (!kept?.ending) return undefined;
    const sealed = await this.#ports.answerLog.seal(answer, epoch);
    return sealed ? this.#finish(attempt, kept.ending, sealed.text) : this.#refused(attempt);
  }

  async #run(attempt: Attempt, claim: Run, signal: AbortSignal, patienceMs: number): Promise<Outcome> {
    const { answer, epoch } = attempt;
    if (signal.aborted) await this.#release(attempt);
    signal.throwIfAborted();
    const opened = await this.#ports.answerLog.open(answer, epoch);
    if (opened === 'replaced') return this.#refused(attempt);
    if (opened === 'forgotten') return this.#giveBack(attempt, FORGOTTEN_RETRY_MS);
    // Somebody was quicker than the first word; a run before may have shown some.
    if (opened !== 'ok') return this.#endWithShown(attempt, endAskedBy(opened));
    const result = await this.#pump(attempt, claim, signal);
    this.#ports.metrics.ran(result);
    const verdict = verdictOn(result, { lastRun: claim.lastRun, patienceMs });
    if (result.reason === 'failed')
      this.#log.warn({ ...answer, epoch, err: result.error, then: verdict.action }, 'the run failed');
    switch (verdict.action) {
      case 'finish':
        return this.#finish(attempt, verdict.ending, result.text);
      case 'apologize':
        // A run before may have shown some text.
        return epoch > 1
          ? this.#endWithShown(attempt, undefined, apologyFor(result))
          : this.#apologize(attempt, apologyFor(result));
      case 'keep-silent':
        return this.#keepSilent(attempt);
      case 'wait':
        return this.#giveBack(attempt, verdict.ms);
      case 'run-again':
        throw verdict.error;
    }
  }

  #pump({ answer, sink }: Attempt, { context }: Run, signal: AbortSignal): Promise<PumpResult> {
    const { provider, clock, atOnce, metrics, onFenceHint } = this.#ports;
    const { systemPrompt, context: contextLimits, limits } = this.#settings;
    const messages = buildContext(context, systemPrompt, contextLimits);
    return pump({
      source: (providerSignal, onText) => provider.stream({ messages, signal: providerSignal }, onText),
      sink,
      signal,
      limits,
      clock,
      atOnce,
      onFenceHint: listener => onFenceHint(answer.answerId, listener),
      onRefused: refusal => metrics.refused(refusal),
    });
  }

  /** No run is left or wanted: what the last one has shown, or the one before if that is nothing, is the answer. */
  async #endWithShown(attempt: Attempt, wish: EndAs | undefined, apology = APOLOGY): Promise<Outcome> {
    const sealed = await this.#ports.answerLog.seal(attempt.answer, attempt.epoch);
    if (!sealed) return this.#refused(attempt);
    const { text, fence } = sealed;
    // Also if somebody has asked for it only after the claim.
    const endAs = wish ?? (fence && endAskedBy(fence));
    if (endAs) return this.#finish(attempt, { status: endAs }, text);
    if (text !== '') return this.#finish(attempt, { status: 'interrupted' }, text);
    // A sealed log takes nothing any more; this opens it for the apology.
    await attempt.sink.restore('');
    return this.#apologize(attempt, apology);
  }

  async #apologize(attempt: Attempt, apology: string): Promise<Outcome> {
    const writer = new MergingWriter(attempt.sink, refusal => this.#ports.metrics.refused(refusal));
    void writer.write(apology);
    await writer.close();
    if (!writer.refusal) return this.#finish(attempt, { status: 'failed' }, apology);
    const ending = endingOf(writer.refusal);
    if (ending.reason === 'failed') throw ending.error;
    if (ending.reason !== 'stopped' && ending.reason !== 'superseded') return this.#keepSilent(attempt);
    return this.#finish(attempt, { status: ending.reason }, '');
  }

  async #finish(attempt: Attempt, ending: AnswerEnding, text: string): Promise<Outcome> {
    const { answer, epoch } = attempt;
    // Kept beside the text until history has stored both: whoever comes next hands it over instead of asking again.
    const kept = await this.#ports.answerLog.finish(answer, epoch, ending);
    if (kept === 'replaced') return this.#refused(attempt);
    await this.#ports.historyQueue.answerFinished({ ...answer, epoch, text, ...ending });
    this.#ports.metrics.finished(ending.status);
    this.#log.info(
      { ...answer, epoch, status: ending.status, characters: text.length },
      'the answer has ended',
    );
    return DONE;
  }

  /** The provider has not been asked: the run counts as none. Unless somebody waits for the end of the answer. */
  async #giveBack(attempt: Attempt, ms: number): Promise<Outcome> {
    if (await this.#release(attempt)) return waitFor(ms);
    const { answer, epoch } = attempt;
    const { held, endAs } = await this.#ports.history.call('getPen', { ...answer, epoch });
    return held && endAs ? this.#endWithShown(attempt, endAs) : this.#keepSilent(attempt);
  }

  async #release({ answer, epoch }: Attempt): Promise<boolean> {
    const { released } = await this.#ports.history.call('releaseAnswer', { ...answer, epoch });
    return released;
  }

  /** The log has refused to open, seal or finish this epoch; what it refuses to append is counted where it is. */
  #refused(attempt: Attempt): Outcome {
    this.#ports.metrics.refused({ by: 'replaced' });
    return this.#keepSilent(attempt);
  }

  #keepSilent({ answer, epoch }: Attempt): Outcome {
    this.#log.info({ ...answer, epoch }, 'somebody else has the answer');
    return DONE;
  }
}

/** A little later than told, each at another moment: all who wait would come back at once. */
function waitFor(ms: number): Outcome {
  return { kind: 'wait', ms: Math.ceil(ms * (1 + Math.random() / 4)) };
}
