/** Client secrets: only their hashes are kept. */
import { createHash } from 'node:crypto';
import { isoSeconds } from '../clock.js';
import type { SeededRandom } from '../random.js';
import type { PasswordCredential } from './model.js';

/** SHA-256 in hex. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** A fresh secret, and what the directory keeps of it. `start` and `end` as Graph shows them. */
export function makeSecret(
  random: SeededRandom,
  options: {
    readonly displayName: string | null;
    readonly start: string;
    readonly end: string;
    readonly visibleAt: number;
  },
): { readonly secret: string; readonly credential: PasswordCredential } {
  const secret = random.nextSecret('secret');
  return {
    secret,
    credential: {
      keyId: random.nextUuid('secret key id'),
      displayName: options.displayName,
      startDateTime: options.start,
      endDateTime: options.end,
      hint: secret.slice(0, 3),
      secretHash: hashSecret(secret),
      visibleAt: options.visibleAt,
    },
  };
}

/** Graph's default: a secret ends two years after its start. */
export function twoYearsAfter(milliseconds: number): string {
  const end = new Date(milliseconds);
  end.setUTCFullYear(end.getUTCFullYear() + 2);
  return isoSeconds(end.getTime());
}
