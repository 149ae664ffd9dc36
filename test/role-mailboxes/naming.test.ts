/** Addresses, aliases and passwords. */
import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import {
  numberedAddresses,
  numberedName,
  ownAlias,
  refuseSharedAddresses,
} from '../../infra/exchange/role-mailboxes/naming.js';
import { randomPassword } from '../../infra/exchange/role-mailboxes/password.js';

const local = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,62}$/);

it('numbers the addresses of a group from the second on', () => {
  expect(numberedAddresses('interop@contoso.com', 3)).toEqual([
    'interop@contoso.com',
    'interop2@contoso.com',
    'interop3@contoso.com',
  ]);
});

it('gives as many different addresses as were asked for, all in the domain and within 64 characters', () => {
  fc.assert(
    fc.property(local, fc.integer({ min: 1, max: 50 }), (name, count) => {
      const addresses = numberedAddresses(`${name}@contoso.com`, count);
      expect(addresses).toHaveLength(count);
      expect(addresses[0]).toBe(`${name}@contoso.com`);
      expect(new Set(addresses.map((address) => address.toLowerCase())).size).toBe(count);
      for (const address of addresses) {
        expect(address.endsWith('@contoso.com')).toBe(true);
        expect(address.lastIndexOf('@')).toBeLessThanOrEqual(64);
      }
    }),
  );
});

it('refuses a number that makes an address too long', () => {
  const name = 'a'.repeat(64);
  expect(numberedAddresses(`${name}@contoso.com`, 1)).toEqual([`${name}@contoso.com`]);
  expect(() => numberedAddresses(`${name}@contoso.com`, 2)).toThrow(InteropError);
});

it('keeps numbered display names within 64 characters and characters whole', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
      fc.integer({ min: 2, max: 50 }),
      (name, n) => {
        const numbered = numberedName(name, n);
        expect([...numbered].length).toBeLessThanOrEqual(64);
        expect(numbered.endsWith(` ${n}`)).toBe(true);
        expect(numbered.isWellFormed()).toBe(true);
      },
    ),
  );
});

describe('an address has one group', () => {
  const interop = (count: number) => ({ address: 'interop@contoso.com', count });
  const second = { address: 'Interop2@contoso.com', count: 1 };

  it('refuses one that two groups of the configuration ask for', () => {
    expect(() => refuseSharedAddresses([interop(2), second], [])).toThrow(
      /Interop2@contoso\.com, which the group of Interop2@contoso\.com asks for, is in the group of interop@contoso\.com/,
    );
    expect(() => refuseSharedAddresses([interop(1), second], [])).not.toThrow();
  });

  it('refuses one that another group of the last run holds: that one would undo it', () => {
    const former = [['interop@contoso.com', 'interop2@contoso.com']];
    expect(() => refuseSharedAddresses([second], former)).toThrow(
      /in the group of interop@contoso\.com already[\s\S]*calendar-interop up/,
    );
    expect(() => refuseSharedAddresses([interop(1), second], former)).toThrow(InteropError);
  });

  it('lets groups grow, shrink, come and go', () => {
    const former = [['interop@contoso.com', 'interop2@contoso.com'], ['rooms@contoso.com']];
    for (const groups of [[interop(5)], [interop(1)], [{ address: 'INTEROP@contoso.com', count: 2 }], []])
      expect(() => refuseSharedAddresses(groups, former)).not.toThrow();
  });
});

it('gives each stack and address an alias of its own that Exchange and Entra take', () => {
  fc.assert(
    fc.property(local, local, (name, other) => {
      const alias = ownAlias('calendar-interop:p/s', `${name}@contoso.com`);
      expect(alias).toMatch(/^[A-Za-z0-9_-]*-ci-[0-9a-f]{10}$/);
      expect(alias.length).toBeLessThanOrEqual(64);
      expect(ownAlias('calendar-interop:p/s', `${name.toUpperCase()}@contoso.com`).slice(-10)).toBe(
        alias.slice(-10),
      );
      expect(ownAlias('calendar-interop:p/t', `${name}@contoso.com`)).not.toBe(alias);
      if (name.toLowerCase() !== other.toLowerCase()) {
        expect(ownAlias('calendar-interop:p/s', `${other}@contoso.com`)).not.toBe(alias);
      }
    }),
  );
});

it('makes passwords with all four kinds of characters, never the same', () => {
  const passwords = Array.from({ length: 50 }, randomPassword);
  expect(new Set(passwords).size).toBe(50);
  for (const password of passwords) {
    expect(password).toHaveLength(40);
    for (const kind of [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/]) expect(password).toMatch(kind);
  }
});
