/** Mailboxes have an id of their own. It is the user's id under a mask, so that either is found from the other at once. */
import type { SeededRandom } from '../random.js';

const masks = new WeakMap<SeededRandom, Buffer>();

/** The mailbox's id for the user's. */
export function guidOfUser(random: SeededRandom, userId: string): string {
  return masked(random, userId);
}

/** The user's id for the mailbox's. */
export function userOfGuid(random: SeededRandom, guid: string): string {
  return masked(random, guid);
}

function masked(random: SeededRandom, id: string): string {
  const mask = maskOf(random);
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex').map((byte, index) => byte ^ (mask[index] ?? 0));
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function maskOf(random: SeededRandom): Buffer {
  const known = masks.get(random);
  if (known !== undefined) return known;
  const mask = Buffer.from(random.bytes('mailbox guid mask').subarray(0, 16));
  // Version and variant stay what they are.
  mask[6] = (mask[6] ?? 0) & 0x0f;
  mask[8] = (mask[8] ?? 0) & 0x3f;
  masks.set(random, mask);
  return mask;
}
