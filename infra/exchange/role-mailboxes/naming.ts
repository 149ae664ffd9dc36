/** Names of role mailboxes: addresses of a group of them, and the alias by which a stack knows its own again. */
import { createHash } from 'node:crypto';
import { InteropError, type Problem } from '../../errors.js';

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

/** A group of the configuration: its first address, and how many there are. */
export interface Group {
  readonly address: string;
  readonly count: number;
}

/**
 * Refuses addresses that two groups ask for, such as `interop2@` beside two of `interop@`, and addresses that another group of this
 * stack holds from the run before: the one would take the mailbox for its own, and the other would undo it in the same run.
 *
 * @param former the addresses of each group as the last run left them, the first one first
 * @throws InteropError of kind `configuration`
 */
export function refuseSharedAddresses(
  groups: readonly Group[],
  former: readonly (readonly string[])[],
): void {
  const holders = new Map<string, string>();
  for (const addresses of former)
    for (const address of addresses) holders.set(keyOf(address), addresses[0] ?? address);
  const problems: Problem[] = [];
  for (const { address, count } of groups) {
    for (const one of numberedAddresses(address, count)) {
      const holder = holders.get(keyOf(one));
      if (holder !== undefined && keyOf(holder) !== keyOf(address)) {
        const what = `${one}, which the group of ${address} asks for, is in the group of ${holder} already`;
        problems.push({
          where: 'calendar-interop:roleMailboxes',
          what,
          allowed: 'each address in one group',
        });
      }
      holders.set(keyOf(one), address);
    }
  }
  if (problems.length === 0) return;
  throw new InteropError({
    kind: 'configuration',
    summary: 'role mailboxes cannot go from one group to another within a run',
    problems,
    next: [
      'choose another address; or take the group that holds it out of calendar-interop:roleMailboxes, run calendar-interop up, which undoes it, then add the new one and run it again',
    ],
  });
}

function keyOf(address: string): string {
  return address.toLowerCase();
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
