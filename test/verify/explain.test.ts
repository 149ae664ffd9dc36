/** What a refusal of EWS means, by what an administrator's sign-in sees behind it, and by how far Microsoft is with the end of EWS. */
import { explain, type Refused } from '../../infra/verify/explain.js';
import type { LeafCode } from '../../infra/verify/index.js';
import type { EwsOrganisation, MailboxSeen } from '../../infra/verify/sight.js';

const NOW = Date.parse('2026-12-01T12:00:00Z');
const HOUR_MS = 3_600_000;

const MAILBOX: MailboxSeen = {
  kind: 'UserMailbox',
  ewsEnabled: null,
  clientPolicy: null,
  licence: 'full',
  inDirectory: true,
};

type Seen = Pick<EwsOrganisation, 'enabled'> & { readonly mailbox?: Partial<MailboxSeen> };

async function codeOf(
  reason: string | undefined,
  seen: Seen | undefined,
  change: Partial<Refused> = {},
): Promise<LeafCode> {
  const refused: Refused = {
    protocol: 'ews',
    url: 'https://outlook.office365.com/EWS/Exchange.asmx',
    roleAccount: 'interop@contoso.com',
    clientId: '11111111-2222-3333-4444-555555555555',
    roles: ['full_access_as_app'],
    graphPermissions: [],
    access: 'tenant',
    listWrittenAt: undefined,
    now: NOW,
    ewsPhase: 'blocking',
    sight:
      seen &&
      ({
        ewsOrganisation: async () => ({ enabled: seen.enabled, listed: false, clientPolicy: null }),
        mailbox: async () => ({ ...MAILBOX, ...seen.mailbox }),
        inScope: async () => undefined,
      } satisfies Refused['sight']),
    facts: {},
    ...change,
  };
  const headers = reason === undefined ? {} : { 'x-ews-policy-reason': reason };
  const { code } = await explain({ kind: 'status', status: 403, headers, evidence: 'status 403' }, refused);
  return code;
}

const DISABLED = 'EWS is disabled for this user or tenant';
const BLOCKED = 'EWS is blocked by policy for this user or tenant';

it.each<[string, Seen | undefined, LeafCode]>([
  ['nobody can look', undefined, 'CI-EWS-OFF'],
  ["the organisation's switch is off", { enabled: false }, 'CI-EWS-OFF-ORGANISATION'],
  ['it is not set', { enabled: null }, 'CI-EWS-OFF-UNSET'],
  [
    "it is not set, and the mailbox's is off",
    { enabled: null, mailbox: { ewsEnabled: false } },
    'CI-EWS-OFF-MAILBOX',
  ],
  ['both are on', { enabled: true, mailbox: { ewsEnabled: true } }, 'CI-EWS-OFF'],
])('EWS is off, and %s', async (_, seen, code) => {
  expect(await codeOf(DISABLED, seen)).toBe(code);
});

it('what this stack turned on within a day need not be heeded yet', async () => {
  const wrote = (hours: number) => ({ listWrittenAt: NOW - hours * HOUR_MS });
  expect(await codeOf(DISABLED, { enabled: true }, wrote(23))).toBe('CI-EWS-LISTED-RECENTLY');
  expect(await codeOf(DISABLED, { enabled: true }, wrote(24))).toBe('CI-EWS-OFF');
  expect(await codeOf(DISABLED, { enabled: null }, wrote(23))).toBe('CI-EWS-OFF-UNSET');
});

describe('once EWS is off for everybody', () => {
  const off = { ewsPhase: 'off' } as const;

  it.each([[undefined], [{ enabled: null }], [{ enabled: false }], [{ enabled: true }]])(
    'a refusal is its end, with or without a reason: %j',
    async (seen) => {
      expect(await codeOf(DISABLED, seen, off)).toBe('CI-EWS-RETIRED');
      expect(await codeOf(undefined, seen, off)).toBe('CI-EWS-RETIRED');
    },
  );

  it('one for the list is none, and neither is one of another protocol', async () => {
    expect(await codeOf(BLOCKED, { enabled: true }, off)).toBe('CI-EWS-NOT-LISTED');
    expect(await codeOf(DISABLED, undefined, { ...off, protocol: 'onPremises' })).toBe('CI-HTTP-REFUSED');
    expect(await codeOf(undefined, undefined, { ...off, protocol: 'graph', roles: [] })).toBe(
      'CI-CONSENT-MISSING',
    );
  });
});
