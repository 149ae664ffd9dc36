/**
 * Randomness that is the same for the same seed.
 *
 * Each value is derived from the seed and a name of its own (SHA-256 in counter mode), so that one more or one less value
 * drawn in one place changes nothing elsewhere, and the hundred-thousandth user is as quick to make as the first.
 */
import { createHash } from 'node:crypto';

const SECRET_ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~';

export class SeededRandom {
  readonly #counters = new Map<string, number>();

  constructor(readonly seed: number) {}

  /** At most 32 bytes that depend on seed and name. */
  bytes(name: string): Buffer {
    return createHash('sha256').update(`${this.seed}/${name}`).digest();
  }

  /** An integer from 0 to `below` - 1. */
  integer(name: string, below: number): number {
    return this.bytes(name).readUInt32BE(0) % below;
  }

  /** A version 4 UUID. */
  uuid(name: string): string {
    return uuidFrom(this.bytes(name));
  }

  /** As {@link uuid}, and another one with each call. */
  nextUuid(name: string): string {
    return this.uuid(this.#numbered(name));
  }

  /** A client secret of the form that Entra makes: 40 characters, `Q~` after the fifth, a new one with each call. */
  nextSecret(name: string): string {
    const numbered = this.#numbered(name);
    const drawn = Buffer.concat([this.bytes(numbered), this.bytes(`${numbered}/2`)]);
    const letters = [...drawn.subarray(0, 38)].map(
      (byte) => SECRET_ALPHABET[byte % SECRET_ALPHABET.length] ?? '',
    );
    return `${letters.slice(0, 3).join('')}8Q~${letters.slice(3, 37).join('')}`;
  }

  /** An id of an app role assignment: 43 characters of base64url, as Graph makes them. */
  nextToken(name: string): string {
    return this.bytes(this.#numbered(name)).toString('base64url');
  }

  #numbered(name: string): string {
    const number = this.#counters.get(name) ?? 0;
    this.#counters.set(name, number + 1);
    return `${name}#${number}`;
  }
}

/** The first 16 bytes as a version 4 UUID. */
export function uuidFrom(bytes: Buffer): string {
  const own = Buffer.from(bytes.subarray(0, 16));
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x40;
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80;
  const hex = own.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
