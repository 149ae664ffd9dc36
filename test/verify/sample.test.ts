/** Whom the last sweep knows, and who has left since it, told from an endpoint that does not know whom it should. */
import { GuidTable } from '../../infra/exchange/visibility/guids.js';
import type { Outcome, VisibilityFiles } from '../../infra/exchange/visibility/index.js';
import { openJournal } from '../../infra/exchange/visibility/journal.js';
import type { AttendeeAnswer } from '../../infra/verify/attendee.js';
import { finding } from '../../infra/verify/finding.js';
import {
  type AttendeeReport,
  type EndpointReport,
  GOOGLE_NOT_CHECKED,
  type LeafCode,
  type TenantSight,
} from '../../infra/verify/index.js';
import { reportAttendee } from '../../infra/verify/people.js';
import { leaveOutThoseGone, sampleOfLastSweep } from '../../infra/verify/sample.js';
import type { MailboxSeen } from '../../infra/verify/sight.js';
import { temporaryFiles } from '../visibility/support/temporary-files.js';
import { guidOf } from '../visibility/support/tenant.js';

describe('the last sweep', () => {
  const START = Date.parse('2027-01-01T00:00:00Z');

  /** A whole sweep; what writes knows mailboxes by their GUIDs alone. */
  function swept(
    files: VisibilityFiles,
    kind: 'plan' | 'apply' | 'undo',
    minute: number,
    outcomes: readonly Omit<Outcome, 'mailbox'>[],
  ): void {
    const now = new Date(START + minute * 60_000);
    const journal = openJournal({ path: files[kind], key: kind, now, table: new GuidTable() });
    for (const [number, outcome] of outcomes.entries()) {
      const known = { address: `User${number}@Contoso.com`, kind: 'UserMailbox' } as const;
      const nameless = { address: undefined, kind: undefined };
      journal.write({
        mailbox: { guid: guidOf(number), ...(kind === 'plan' ? known : nameless) },
        ...outcome,
      });
    }
    journal.finish(now);
  }

  const sample = async (files: VisibilityFiles, named: readonly string[] = []) =>
    await sampleOfLastSweep(files, [['contoso.com'], ['fabrikam.com']], named);

  it('knows nobody where none has run', async () => {
    expect(await sample(temporaryFiles(), ['user1@contoso.com'])).toEqual({
      people: [[], []],
      excluded: new Map(),
    });
  });

  it('gives four open ones and a strict one, with the reason; of others the reason only where it is asked for', async () => {
    const files = temporaryFiles();
    const strict = { result: 'excluded', reason: 'CustomAttribute7 is board' } as const;
    const open = Array.from({ length: 6 }, () => ({ result: 'enough' }) as const);
    swept(files, 'plan', 0, [...open, strict, strict, strict]);
    const { people, excluded } = await sample(files, ['user8@contoso.com']);
    expect(people).toEqual([[0, 1, 2, 3, 6].map((number) => `User${number}@Contoso.com`), []]);
    expect([...excluded]).toEqual([
      ['user6@contoso.com', strict.reason],
      ['user8@contoso.com', strict.reason],
    ]);
  });

  it('counts whom it raised, but not whom it failed with, and nobody whose calendar was restored', async () => {
    const files = temporaryFiles();
    swept(files, 'plan', 0, [{ result: 'lower' }, { result: 'lower' }, { result: 'lower' }]);
    swept(files, 'apply', 1, [{ result: 'raised' }, { result: 'failed' }, { result: 'raised' }]);
    expect((await sample(files)).people[0]).toEqual(['User0@Contoso.com', 'User2@Contoso.com']);
    swept(files, 'undo', 2, [{ result: 'restored' }]);
    expect((await sample(files)).people[0]).toEqual(['User2@Contoso.com']);
  });
});

const ADDRESSES = ['anna@contoso.com', 'ben@contoso.com', 'carla@contoso.com'] as const;

function attendee(address: string, known: boolean, inTenant?: boolean): AttendeeReport {
  const unknown = finding('CI-ATTENDEE-UNKNOWN', address, 'ErrorMailRecipientNotFound: no such address');
  return {
    address,
    reached: known,
    detail: known ? 'details' : 'nothing',
    events: 0,
    findings: known ? [] : [unknown],
    google: 'notChecked',
    ...(inTenant === undefined ? {} : { inTenant }),
  };
}

function reportOf(known: (address: string) => boolean): EndpointReport {
  return reportWith(ADDRESSES.map((address) => attendee(address, known(address))));
}

function reportWith(attendees: readonly AttendeeReport[]): EndpointReport {
  const findings = attendees.flatMap((one) => one.findings);
  return {
    endpoint: 'online',
    kind: 'ews',
    works: findings.length === 0,
    steps: [],
    findings,
    attendees,
    requests: 1,
    seconds: 0,
  };
}

it('leaves one out whom nobody knows any more, and the endpoint works', () => {
  const { report, gone } = leaveOutThoseGone(reportOf((address) => address !== 'ben@contoso.com'));
  expect(gone).toEqual(['ben@contoso.com']);
  expect(report.attendees.map(({ address }) => address)).toEqual(['anna@contoso.com', 'carla@contoso.com']);
  expect(report).toMatchObject({ works: true, findings: [] });
});

it('an endpoint that knows nobody has a fault', () => {
  const whole = reportOf(() => false);
  expect(leaveOutThoseGone(whole)).toEqual({ report: whole, gone: [] });
});

it('other faults stay', () => {
  const whole = reportOf((address) => address !== 'ben@contoso.com');
  const fault = finding('CI-CONSENT-MISSING', 'online', 'the token holds no role');
  const { report } = leaveOutThoseGone({ ...whole, findings: [fault, ...whole.findings] });
  expect(report).toMatchObject({ works: false, findings: [{ code: 'CI-CONSENT-MISSING' }] });
});

describe('of two domains', () => {
  const anna = attendee('anna@contoso.com', true);
  const dora = (inTenant?: boolean) => attendee('dora@fabrikam.com', false, inTenant);
  const judged = (...attendees: readonly AttendeeReport[]) => {
    const { report, gone } = leaveOutThoseGone(reportWith([anna, ...attendees]));
    return { faults: report.findings.map(({ about }) => about), gone };
  };

  it('one that is not known as a whole is a fault, where nobody could look whether its people have left', () => {
    expect(judged(dora(), attendee('emil@fabrikam.com', false))).toEqual({
      faults: ['dora@fabrikam.com', 'emil@fabrikam.com'],
      gone: [],
    });
  });

  it('somebody who is not known beside others of the same domain has left, where nobody could look', () => {
    expect(judged(dora(), attendee('emil@Fabrikam.com', true))).toEqual({
      faults: [],
      gone: ['dora@fabrikam.com'],
    });
  });

  it('whom the tenant does not have has left, even the only one of a domain; whom it has is a fault everywhere', () => {
    expect(judged(dora(false), attendee('ben@contoso.com', false, true))).toEqual({
      faults: ['ben@contoso.com'],
      gone: ['dora@fabrikam.com'],
    });
  });

  it('a calendar that could not be got at tells nothing about its domain', () => {
    const lost = finding('CI-ATTENDEE-UNREACHABLE', 'emil@fabrikam.com', 'ErrorNoCalendar: none');
    const emil = { ...attendee('emil@fabrikam.com', false), findings: [lost] };
    expect(judged(dora(), emil).gone).toEqual([]);
  });
});

describe('an address that the look-up does not know', () => {
  const nobody: MailboxSeen = {
    kind: undefined,
    ewsEnabled: null,
    clientPolicy: null,
    licence: undefined,
    inDirectory: undefined,
  };
  const answer: AttendeeAnswer = {
    address: 'ben@contoso.com',
    detail: 'nothing',
    code: 'ErrorMailRecipientNotFound',
    text: 'no such address',
  };
  const seenAs = async (seen: MailboxSeen | undefined) => {
    const sight = { mailbox: async () => seen } as unknown as TenantSight;
    const excluded = new Map<string, string>();
    const rest = { expectDetails: true, excluded, google: GOOGLE_NOT_CHECKED, facts: {} };
    return await reportAttendee(answer, { ...rest, sight });
  };

  it.each<[string, MailboxSeen | undefined, LeafCode, boolean | undefined]>([
    ['nobody could look', undefined, 'CI-ATTENDEE-UNKNOWN', undefined],
    ['the directory could not be looked at', nobody, 'CI-ATTENDEE-UNKNOWN', undefined],
    ['neither has it', { ...nobody, inDirectory: false }, 'CI-ATTENDEE-UNKNOWN', false],
    ['the directory has it', { ...nobody, inDirectory: true }, 'CI-ATTENDEE-UNLICENSED', true],
    ['there is a mailbox', { ...nobody, kind: 'UserMailbox' }, 'CI-ATTENDEE-UNKNOWN', true],
  ])('%s', async (_, seen, code, inTenant) => {
    const { findings, ...report } = await seenAs(seen);
    expect(findings).toMatchObject([{ code }]);
    expect(report.inTenant).toBe(inTenant);
    expect(findings[0]?.evidence.includes('there is such a mailbox')).toBe(seen?.kind !== undefined);
  });
});
