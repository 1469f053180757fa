import { createHash } from 'node:crypto';
import { shannonEntropy } from './entropy.ts';

/**
 * Random characters from a seed, for made-up secrets in examples and tests: the same seed gives the same text on every machine, so
 * a failing example fails for everybody. Never for real keys. (SHA-256 of seed and counter, read as a stream of bytes.)
 */
export class FakeRandom {
  readonly #seed: string;
  #counter = 0;
  #buffer = Buffer.alloc(0);

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A whole number from 0 up to but not including `limit` (at most 2^24). */
  below(limit: number): number {
    // Rejecting the tail keeps every number equally likely.
    const top = 2 ** 24 - (2 ** 24 % limit);
    for (;;) {
      const bytes = this.bytes(3);
      const number = bytes.readUIntBE(0, 3);
      if (number < top) return number % limit;
    }
  }

  bytes(length: number): Buffer {
    while (this.#buffer.length < length) {
      const block = createHash('sha256')
        .update(`${this.#seed}\0${this.#counter++}`)
        .digest();
      this.#buffer = Buffer.concat([this.#buffer, block]);
    }
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  /**
   * `length` characters of an alphabet. Of four draws the one with the highest entropy is taken: a rule's entropy threshold loses
   * one real secret in a hundred, and its author should not have to wonder why it was this example.
   */
  chars(alphabet: string, length: number): string {
    let best = '';
    let most = -1;
    for (let draw = 0; draw < 4; draw++) {
      const text = Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('');
      const entropy = shannonEntropy(text);
      if (entropy > most) {
        best = text;
        most = entropy;
      }
    }
    return best;
  }

  /** One of several. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
