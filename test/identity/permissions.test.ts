import fc from 'fast-check';
import { EWS_PERMISSION, entraPermissions, type PermissionWishes } from '../../infra/identity/permissions.js';

const wishes = (change: Partial<PermissionWishes>): PermissionWishes => ({
  protocol: 'ews',
  access: 'tenant',
  graphPermissions: ['Calendars.Read'],
  ...change,
});

test.each([
  ['ews', [['exchangeOnline', [EWS_PERMISSION]]]],
  ['graph', [['microsoftGraph', ['Calendars.Read']]]],
  [
    'both',
    [
      ['exchangeOnline', [EWS_PERMISSION]],
      ['microsoftGraph', ['Calendars.Read']],
    ],
  ],
  [undefined, []],
] as const)('protocol %s', (protocol, expected) => {
  const found = entraPermissions(wishes({ protocol }));
  expect(found.map(({ api, permissions }) => [api, permissions])).toEqual(expected);
});

test('limited access keeps out of Entra whatever Exchange can limit, and keeps what it cannot', () => {
  const found = entraPermissions(
    wishes({
      protocol: 'both',
      access: 'roleMailboxes',
      graphPermissions: ['Calendars.Read', 'Place.Read.All'],
    }),
  );
  expect(found).toEqual([{ api: 'microsoftGraph', permissions: ['Place.Read.All'] }]);
});

test('full_access_as_app is never in a limited set-up, whatever else is asked for', () => {
  const names = fc.constantFrom('Calendars.Read', 'Calendars.ReadBasic.All', 'Place.Read.All', 'Mail.Read');
  fc.assert(
    fc.property(
      fc.constantFrom('ews', 'graph', 'both', undefined),
      fc.array(names),
      (protocol, graphPermissions) => {
        const found = entraPermissions({ protocol, access: 'roleMailboxes', graphPermissions });
        const all = found.flatMap(({ permissions }) => permissions);
        expect(all).not.toContain(EWS_PERMISSION);
        expect(all.filter((name) => /^(Calendars|Mail)\./.test(name))).toEqual([]);
        expect(new Set(all).size).toBe(all.length);
      },
    ),
  );
});
