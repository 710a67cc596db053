import { createHash } from 'node:crypto';

const SHOWN = 4;
const FINGERPRINT_CHARS = 16;

/** A secret of the provider that shows no more than its last 4 characters wherever it is printed. */
export class ProviderKey {
  readonly #secret: string;
  /** Names the key in Redis; says nothing about it. */
  readonly fingerprint: string;
  /** For logs: `…` and the last 4 characters. */
  readonly label: string;

  constructor(secret: string) {
    this.#secret = secret;
    this.fingerprint = createHash('sha256').update(secret).digest('hex').slice(0, FINGERPRINT_CHARS);
    // A key of a few characters would be shown whole.
    this.label = secret.length > 2 * SHOWN ? `…${secret.slice(-SHOWN)}` : '…';
  }

  reveal(): string {
    return this.#secret;
  }

  /** @returns the text without any word that holds more than 4 characters of the key in a row. */
  redact(text: string): string {
    return text.replace(/[^\s"'`,;()]+/g, word => (this.#isPartlyIn(word) ? this.label : word));
  }

  toJSON(): string {
    return this.label;
  }

  #isPartlyIn(word: string): boolean {
    if (word.includes(this.#secret)) return true;
    for (let start = 0; start + SHOWN < this.#secret.length; start++) {
      if (word.includes(this.#secret.slice(start, start + SHOWN + 1))) return true;
    }
    return false;
  }
}
