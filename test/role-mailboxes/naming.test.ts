/** Addresses, aliases and passwords. */
import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import {
  numberedAddresses,
  numberedName,
  ownAlias,
  sharedAddresses,
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

it('finds addresses that two groups ask for, whatever their case', () => {
  const groups = [
    { address: 'interop@contoso.com', count: 3 },
    { address: 'Interop2@contoso.com', count: 1 },
    { address: 'rooms@contoso.com', count: 10 },
  ];
  expect(sharedAddresses(groups)).toEqual(['Interop2@contoso.com']);
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
