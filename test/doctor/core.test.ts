/** Sections and the one verdict, without any effect. */
import fc from 'fast-check';
import {
  blockedSection,
  doctorReport,
  driftSection,
  ewsSection,
  preflightSection,
  rotationSection,
  SECTION_IDS,
  type Section,
  STATES,
  sectionLines,
  verdictLines,
  verdictOf,
  verifySection,
} from '../../infra/doctor/index.js';
import { EXIT_CODES, type FailureKind, InteropError } from '../../infra/errors.js';
import { type RotationPolicy, timelineOf } from '../../infra/rotation/index.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { finding } from '../../infra/verify/finding.js';
import type { EndpointReport, LeafCode } from '../../infra/verify/index.js';

const kinds = Object.keys(EXIT_CODES) as FailureKind[];

const section = fc
  .record({
    id: fc.constantFrom(...SECTION_IDS),
    state: fc.constantFrom(...STATES),
    failure: fc.constantFrom(...kinds.filter((kind) => kind !== 'cancelled')),
    next: fc.array(fc.string()),
  })
  .map(
    ({ id, state, failure, next }): Section => ({
      id,
      state,
      summary: 's',
      items: [],
      next,
      ...(state === 'notChecked' ? { failure } : {}),
    }),
  );

describe('the verdict', () => {
  it('is a fault exactly where a section has one, whatever the others are and in whatever order', () => {
    fc.assert(
      fc.property(fc.array(section), (sections) => {
        const verdict = verdictOf(sections);
        const faulty = sections.some(({ state }) => state === 'fault');
        expect(verdict.exitCode === 12).toBe(faulty);
        expect(verdict.state === 'fault').toBe(faulty);
        expect(verdictOf([...sections].reverse()).state).toBe(verdict.state);
        const next = sections.filter(({ state }) => state === 'fault').flatMap((one) => one.next);
        expect(verdict.next).toEqual(expect.arrayContaining(next));
      }),
    );
  });

  it('is never all clear where something kept a section from being looked at, nor where something is due', () => {
    fc.assert(
      fc.property(fc.array(section), (sections) => {
        const calm = sections.every(({ state }) => state === 'ok');
        expect(verdictOf(sections).exitCode === 0).toBe(calm);
      }),
    );
  });

  const made = (state: Section['state'], failure?: FailureKind): Section => ({
    id: 'drift',
    state,
    summary: 's',
    items: [],
    next: [],
    ...(failure === undefined ? {} : { failure }),
  });

  it.each([
    ['a fault before a refused sign-in', [made('notChecked', 'authentication'), made('fault')], 12],
    [
      'a refused sign-in before other failures',
      [made('notChecked', 'failure'), made('notChecked', 'authentication')],
      3,
    ],
    ['a failure before what is due', [made('attention'), made('notChecked', 'noStack')], 6],
    ['what is due', [made('ok'), made('attention')], 10],
    ['what is rightly not looked at changes nothing', [made('ok'), made('notChecked')], 0],
    ['all well', [made('ok')], 0],
  ] as const)('%s', (_, sections, exitCode) => {
    expect(verdictOf(sections).exitCode).toBe(exitCode);
  });

  it('does not call well what nobody looked at', () => {
    expect(verdictOf([made('ok'), made('notChecked')]).words).toBe(
      'nothing wrong was found; not checked: Drift',
    );
  });

  it('names what was left out', () => {
    const report = doctorReport({ stack: 's', tenant: 't' }, new Date(0), [made('ok')]);
    expect(report.leftOut).toEqual(['preflight', 'rotation', 'ews', 'verify']);
    expect(verdictLines(report)[0]?.text).toBe(
      'All is well. Left out: preflight, rotation, ews, verify. Nothing was changed.',
    );
  });
});

describe('a section', () => {
  it('that an error stopped says why, what to do, and with which kind of failure', () => {
    const error = new InteropError({
      kind: 'authentication',
      summary: 'the sign-in is refused',
      problems: [{ where: 'ARM_CLIENT_SECRET', what: 'is wrong' }],
      next: ['az login'],
    });
    const blocked = blockedSection('drift', error);
    expect(blocked).toMatchObject({
      state: 'notChecked',
      summary: 'the sign-in is refused',
      failure: 'authentication',
      next: ['az login'],
    });
    expect(sectionLines(blocked).map(({ text }) => text)).toEqual([
      '– Drift  not checked: the sign-in is refused',
      '        found    ARM_CLIENT_SECRET: is wrong',
      '        next     az login',
    ]);
  });

  it('of preflight has a fault beside what was not checked', () => {
    const found = preflightSection([
      { id: 'google.interop', state: 'notChecked', what: 'switches', next: 'export X' },
      { id: 'exchange.domains', state: 'fault', what: 'strange domain', found: 'x', next: 'correct it' },
      { id: 'permissions.graph', state: 'ok', what: 'may' },
    ]);
    expect(found).toMatchObject({
      state: 'fault',
      summary: '1 fault, 1 fine, 1 not checked',
      next: ['correct it'],
    });
    expect(sectionLines(found).map(({ text }) => text)).toContain('    – not checked: switches');
  });

  it('of drift names each resource and how to mend it', () => {
    expect(driftSection('prod', []).state).toBe('ok');
    const unseen = driftSection('prod', [], ['more than 500 mailboxes: their calendars were not looked at']);
    expect(unseen.summary).toBe('what was looked at is as this stack made it');
    expect(unseen.items[1]).toMatchObject({
      state: 'notChecked',
      next: ['calendar-interop visibility plan --stack prod   # reads them all'],
    });
    const found = driftSection('prod', [
      { op: 'update', type: 'CalendarVisibility', name: 'interop', properties: ['violations'] },
      { op: 'delete', type: 'AppRoleAssignment', name: 'interop-Calendars.Read', properties: [] },
    ]);
    expect(found.state).toBe('fault');
    expect(found.items.map(({ what }) => what)).toEqual([
      'CalendarVisibility interop was changed behind our back',
      'AppRoleAssignment interop-Calendars.Read was deleted behind our back',
    ]);
    expect(found.next[0]).toContain('calendar-interop up --refresh --stack prod');
  });

  it('keeps texts of servers on one line', () => {
    const found = driftSection('s', [
      { op: 'update', type: 'T', name: 'a\u001b[31m\nb', properties: ['x\ty'] },
    ]);
    for (const { text } of sectionLines(found)) expect(text).not.toMatch(/\p{Cc}/u);
  });
});

describe('the rotation', () => {
  const START = new Date('2030-01-01T00:00:00Z');
  const policy: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['online'] };
  const fresh = initialLedger({ now: START, lifetimeDays: 180 });
  const confirmed = {
    ...fresh,
    confirmed: { online: { slot: 'a', generation: 1, at: '2030-01-01T00:00:00Z', how: 'hand' } },
  } as const;
  const onDay = (ledger: Parameters<typeof timelineOf>[0], day: number) =>
    rotationSection('prod', timelineOf(ledger, policy, new Date(START.getTime() + day * 86_400_000)));

  it('is fine while nothing is due', () => {
    expect(onDay(confirmed, 1)).toMatchObject({
      state: 'ok',
      summary: 'nothing is due before 2030-05-31',
      next: [],
    });
  });

  it('wants attention while the secret waits for its hand-over, and when the next one is due', () => {
    expect(onDay(fresh, 1)).toMatchObject({
      state: 'attention',
      next: ['calendar-interop handoff --stack prod', expect.anything()],
    });
    expect(onDay(confirmed, 151)).toMatchObject({ state: 'attention', summary: '1 step is due' });
  });

  it('is broken once the secret in use has ended', () => {
    const ended = onDay(confirmed, 180);
    expect(ended).toMatchObject({ state: 'fault', summary: 'the secret in use, interop-a-g1, has ended' });
    // The steps that lead out of it are still told.
    expect(ended.items.some(({ id }) => id === 'rotation.stage')).toBe(true);
  });
});

describe('the end of EWS', () => {
  const endpoints = [
    { name: 'old', type: 'microsoft365-ews', domains: ['a.com'], roleAccounts: ['r@a.com'] },
  ] as const;
  it.each([
    ['2026-11-28', 'ok'],
    ['2027-01-01', 'attention'],
    ['2027-04-01', 'fault'],
  ])('is counted down: on %s it is %s', (day, state) => {
    const found = ewsSection('prod', { endpoints } as never, new Date(`${day}T00:00:00Z`));
    expect(found.state).toBe(state);
    expect(found.next.length > 0).toBe(state !== 'ok');
  });

  it('does not concern a stack without an endpoint of that type', () => {
    const onPremises = [{ ...endpoints[0], type: 'onPremises' }];
    expect(ewsSection('prod', { endpoints: onPremises } as never, new Date('2028-01-01')).state).toBe('ok');
  });
});

describe('look-ups', () => {
  const report = (...codes: readonly LeafCode[]): EndpointReport => {
    const findings = codes.map((code, index) => finding(code, `person${index}@contoso.com`, 'seen'));
    return {
      endpoint: 'online',
      kind: 'graph',
      works: findings.every(({ grave }) => grave === 'note'),
      steps: [],
      findings,
      attendees: [],
      requests: 1,
      seconds: 0.2,
    };
  };
  const section = (...codes: readonly LeafCode[]) =>
    verifySection({ reports: [report(...codes)], gone: [], unproven: [], notLookedAt: [] });

  it('are fine with notes about what is meant to be so', () => {
    expect(section('CI-CALENDAR-ON-PURPOSE', 'CI-TLS-INSPECTED')).toMatchObject({
      state: 'ok',
      summary: '1 of 1 endpoint works',
    });
  });

  it('want attention where more could be seen, and are broken by a fault', () => {
    expect(section('CI-CALENDAR-BUSY-ONLY').state).toBe('attention');
    const broken = section('CI-CALENDAR-CLOSED', 'CI-CALENDAR-CLOSED', 'CI-CALENDAR-BUSY-ONLY');
    expect(broken).toMatchObject({ state: 'fault', summary: '0 of 1 endpoint works, 1 fault' });
    expect(broken.items[0]).toMatchObject({
      id: 'CI-CALENDAR-CLOSED',
      about: ['person0@contoso.com', 'person1@contoso.com'],
      found: 'seen',
    });
  });

  it('through no endpoint at all are not checked, with the reason', () => {
    const found = verifySection({
      reports: [],
      gone: [],
      unproven: [{ endpoint: 'online', why: 'not confirmed', next: ['confirm it'] }],
      notLookedAt: [],
    });
    expect(found).toMatchObject({ state: 'notChecked', summary: 'not confirmed', next: ['confirm it'] });
    expect(found.failure).toBeUndefined();
  });

  it('name who has left since the last sweep, in text, too, and stay fine', () => {
    const gone = [{ endpoint: 'online', addresses: ['ben@contoso.com', 'carla@contoso.com'] }];
    const found = verifySection({ reports: [report()], gone, unproven: [], notLookedAt: [] });
    expect(found).toMatchObject({ state: 'ok', summary: '1 of 1 endpoint works', next: [] });
    expect(found.items).toContainEqual({
      state: 'notChecked',
      id: 'verify.gone',
      what: 'online: 2 people of the last sweep whom Exchange does not know any more, left out',
      about: ['ben@contoso.com', 'carla@contoso.com'],
      next: [],
    });
    expect(sectionLines(found).map(({ text }) => text.trim())).toContain(
      'about    ben@contoso.com, carla@contoso.com',
    );
  });

  describe('of which one endpoint lacks its password', () => {
    const site = {
      endpoint: 'site',
      why: 'SITE_PASSWORD is not set',
      next: ['export SITE_PASSWORD=…'],
      failure: 'authentication',
    } as const;
    const waiting = { endpoint: 'second', why: 'not confirmed', next: ['confirm it'] };
    const mixed = (...codes: readonly LeafCode[]) =>
      verifySection({ reports: [report(...codes)], gone: [], unproven: [waiting, site], notLookedAt: ['x'] });

    it('are not fine although the other one works, and say what to do first', () => {
      const found = mixed();
      expect(found).toMatchObject({
        state: 'notChecked',
        failure: 'authentication',
        summary: '1 of 3 endpoints work, 2 not checked',
        next: ['export SITE_PASSWORD=…'],
      });
      expect(verdictOf([found])).toMatchObject({
        state: 'incomplete',
        exitCode: 3,
        next: ['export SITE_PASSWORD=…'],
      });
    });

    it('keep what wants attention behind it, and a fault before it', () => {
      const due = mixed('CI-CALENDAR-BUSY-ONLY');
      expect(due.state).toBe('attention');
      expect(due.next[0]).toBe('export SITE_PASSWORD=…');
      expect(verdictOf([due])).toMatchObject({ exitCode: 3, next: due.next });
      const broken = mixed('CI-CALENDAR-CLOSED');
      expect(broken.state).toBe('fault');
      expect(broken.next.at(-1)).toBe('export SITE_PASSWORD=…');
      expect(verdictOf([broken]).exitCode).toBe(12);
    });
  });
});
