import { controlFrame, redisNames } from '@parley/contracts';
import { readFrame, type ChannelSubscriber } from '@parley/platform';

type Listener = () => void;

/**
 * Tells whoever produces an answer here that its pen may have been taken away. A hint: the answer log decides. Without it a
 * worker would find out with its next piece of text, which a silent model keeps back.
 */
export class FenceHints {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @returns how to unregister. */
  readonly listen = (answerId: string, listener: Listener): (() => void) => {
    const listeners = this.#listeners.get(answerId) ?? new Set();
    this.#listeners.set(answerId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(answerId) === listeners)
        this.#listeners.delete(answerId);
    };
  };

  /** Hears the control channel whenever Redis is there. */
  follow(subscriber: ChannelSubscriber): void {
    // What was said while the connection was away may have been meant for any of them.
    subscriber.onGap(() => {
      for (const answerId of this.#listeners.keys()) this.#tell(answerId);
    });
    subscriber.listen(redisNames.controlChannel, payload => {
      const frame = readFrame(controlFrame.read, payload);
      if (frame) this.#tell(frame.answerId);
    });
  }

  #tell(answerId: string): void {
    for (const listener of this.#listeners.get(answerId) ?? []) listener();
  }
}
