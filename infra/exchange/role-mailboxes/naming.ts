/** Names of role mailboxes: addresses of a group of them, and the alias by which a stack knows its own again. */
import { createHash } from 'node:crypto';
import { InteropError } from '../../errors.js';

/** RFC 5321, 4.5.3.1.1. */
const LOCAL_PART_LENGTH = 64;
const ALIAS_LENGTH = 64;

/**
 * The addresses of a group: the first as given, the others numbered from 2 on (`interop@`, `interop2@`, …).
 *
 * @throws InteropError of kind `configuration` when a number makes an address too long.
 */
export function numberedAddresses(address: string, count: number): readonly string[] {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const longest = count > 1 ? local.length + String(count).length : local.length;
  if (longest > LOCAL_PART_LENGTH) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'a numbered address would be too long',
      problems: [
        {
          where: `roleMailboxes, ${address}`,
          what: `has ${local.length} characters before the @, and ${String(count).length} for the number would be added`,
          allowed: `${LOCAL_PART_LENGTH} together`,
        },
      ],
      next: ['set calendar-interop:roleMailboxes to a shorter address'],
    });
  }
  return Array.from({ length: count }, (_, index) => numbered(address, index + 1));
}

function numbered(address: string, number: number): string {
  if (number === 1) return address;
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}${number}${address.slice(at)}`;
}

/** The display name that goes with {@link numberedAddresses}; cut so that the number fits into 64 characters. */
export function numberedName(displayName: string, number: number): string {
  if (number === 1) return displayName;
  const end = ` ${number}`;
  return `${[...displayName].slice(0, ALIAS_LENGTH - end.length).join('')}${end}`;
}

/** Addresses that more than one group asks for, such as `interop2@` beside two of `interop@`; compared as Exchange does. */
export function sharedAddresses(
  groups: readonly { readonly address: string; readonly count: number }[],
): readonly string[] {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { address, count } of groups) {
    for (const one of numberedAddresses(address, count)) {
      const key = one.toLowerCase();
      if (seen.has(key)) shared.add(one);
      seen.add(key);
    }
  }
  return [...shared];
}

/**
 * Alias (Graph: mailNickname) of a mailbox that this stack makes. It is set in the same step that makes the mailbox, so that
 * one whose making was cut off is known as our own by the next run; nobody else would choose it.
 *
 * @param owner the stack, as registrationTag names it.
 */
export function ownAlias(owner: string, address: string): string {
  const digest = createHash('sha256').update(`${owner}\n${address.toLowerCase()}`).digest('hex').slice(0, 10);
  const end = `-ci-${digest}`;
  const local = address
    .slice(0, address.lastIndexOf('@'))
    .replace(/[^A-Za-z0-9_-]/g, '')
    .slice(0, ALIAS_LENGTH - end.length);
  return `${local}${end}`;
}
