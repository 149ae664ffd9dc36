/** Passwords of role mailboxes. */
import { randomInt } from 'node:crypto';

const LOWER = 'abcdefghijkmnpqrstuvwxyz';
const UPPER = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const DIGITS = '23456789';
const SYMBOLS = '-_.+*#';
const KINDS = [LOWER, UPPER, DIGITS, SYMBOLS];
const LENGTH = 40;

/**
 * A random password with characters of all four kinds: Entra asks for three and for 8 to 256 characters
 * (learn.microsoft.com/entra/identity/authentication/concept-sspr-policy). Characters that look alike are left out, since people
 * may have to type it into Google's form for Exchange on premises.
 */
export function randomPassword(): string {
  const all = KINDS.join('');
  const characters = KINDS.map(pick);
  while (characters.length < LENGTH) characters.push(pick(all));
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? '', characters[last] ?? ''];
  }
  return characters.join('');
}

function pick(from: string): string {
  return from.charAt(randomInt(from.length));
}
