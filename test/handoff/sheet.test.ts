import fc from 'fast-check';
import { checklist, type Step } from '../../infra/handoff/checklist.js';
import type { EvidenceSource, Sighting } from '../../infra/handoff/evidence.js';
import { handoffPage } from '../../infra/handoff/page.js';
import { handoffSheet, secretToPaste } from '../../infra/handoff/sheet.js';
import { evidenceSources } from '../../infra/handoff/sources.js';
import { fromNow, secretLives } from '../../infra/handoff/timeline.js';
import { watchEvidence } from '../../infra/handoff/watch.js';
import { rotationPolicy } from '../../infra/rotation/index.js';
import type { FormEvent, LookUp } from '../../infra/rotation-evidence/index.js';
import { failureOf } from '../graph/support/failure.js';
import { manyEndpoints, NOW, ONLINE, STAGED, stack } from './support/hand-offs.js';

const NOTHING = { ticks: {}, sightings: [] };
const stateOf = (steps: readonly Step[], start: string) =>
  steps.find(({ id }) => id.startsWith(start))?.state;

test('a secret whose life is shorter than the lead time is drawn as due from its start', () => {
  const sheet = handoffSheet(
    [stack({ secret: { lifetimeDays: 180, leadDays: 179, quietDays: 7 }, ledger: STAGED })],
    NOW,
  );
  const short = handoffSheet([stack({ secret: { lifetimeDays: 900, leadDays: 400, quietDays: 7 } })], NOW);
  for (const made of [sheet, short]) {
    const steps = checklist(made, NOTHING);
    const common = { now: NOW, watching: false, nonce: 'n', csrfToken: 'c', revealSeconds: 30 };
    expect(handoffPage({ sheet: made, steps, ...common })).not.toMatch(/width="-/);
  }
});

describe('the sheet', () => {
  it('joins the endpoints of several stacks, each with its own values', () => {
    const fabrikam = stack({
      name: 'fabrikam',
      endpoints: [{ ...ONLINE, domains: ['fabrikam.com'], roleAccounts: ['i@fabrikam.com'] }],
      registration: { ...stack().registration, clientId: 'another-client' },
    });
    const { endpoints } = handoffSheet([stack(), fabrikam], NOW);
    const clients = endpoints.map(({ stack: name, forms }) => [
      name,
      forms[0]?.fields.find(({ label }) => label.startsWith('Application'))?.value,
    ]);
    expect(clients).toEqual([
      ['prod', stack().registration.clientId],
      ['fabrikam', 'another-client'],
    ]);
  });

  it('refuses a domain that two endpoints claim, and names both', async () => {
    const other = stack({
      name: 'other',
      endpoints: [{ ...ONLINE, name: 'theirs', domains: ['CONTOSO.de'] }],
    });
    const failure = await failureOf((async () => handoffSheet([stack(), other], NOW))());
    expect(failure).toMatchObject({ kind: 'configuration' });
    expect(failure.message).toContain('endpoint online of stack prod and endpoint theirs of stack other');
    expect(failure.message).toContain('CONTOSO.de');
  });

  it('shows both forms while protocol is both, the one that Google holds first', () => {
    const types = (protocol: 'ews' | 'both') => {
      const [endpoint] = handoffSheet([stack({ protocol })], NOW).endpoints;
      return [endpoint?.forms, endpoint?.otherForms].map((forms) => forms?.map(({ formType }) => formType));
    };
    expect(types('ews')).toEqual([['Microsoft 365 (Legacy EWS)', 'Microsoft 365 (Legacy EWS)'], []]);
    expect(types('both')[1]).toEqual(['Microsoft 365 (Graph API)']);
  });

  it('says which domain lacks a role account for the Legacy EWS form', () => {
    const endpoint = {
      ...ONLINE,
      type: 'microsoft365-graph',
      roleAccounts: ['interop@contoso.com'],
    } as const;
    const [sheet] = handoffSheet([stack({ protocol: 'both', endpoints: [endpoint] })], NOW).endpoints;
    expect(sheet?.otherForms.map(({ domain, problem }) => [domain, problem?.includes('contoso.de')])).toEqual(
      [
        ['contoso.com', undefined],
        ['contoso.de', true],
      ],
    );
  });

  it('hands over the staged secret where there is one, else the current one', () => {
    expect(secretToPaste(stack().ledger)).toMatchObject({ name: 'interop-a-g1', staged: false });
    expect(secretToPaste(STAGED)).toMatchObject({ name: 'interop-b-g2', staged: true });
    // Confirmed: the new one is current, the old one waits for its removal.
    expect(secretToPaste({ ...STAGED, current: 'b' })).toMatchObject({ name: 'interop-b-g2', staged: false });
  });

  it('warns of a secret that has ended, and of switches on which stacks disagree', () => {
    const late = handoffSheet([stack()], new Date('2028-01-01T00:00:00Z'));
    expect(late.notes.join()).toContain('do not paste it');
    const other = stack({
      name: 'other',
      eventDetails: false,
      endpoints: [{ ...ONLINE, domains: ['x.org'] }],
    });
    const { notes, switches } = handoffSheet([stack(), other], NOW);
    expect(notes.join()).toContain('prod wants it on, other off');
    expect(switches.eventDetails).toBe(true);
  });
});

describe('the checklist', () => {
  const sheet = handoffSheet([stack()], NOW);
  const saved: Sighting = {
    kind: 'formSaved',
    stack: 'prod',
    at: '2027-03-01T08:00:00Z',
    what: 'saved by ann',
  };

  it('tells proven from done from open', () => {
    const before = checklist(sheet, NOTHING);
    expect(stateOf(before, 'provisioned')).toBe('proven');
    expect(stateOf(before, 'save')).toBe('open');
    const ticked = checklist(sheet, { ticks: { console: 'today' }, sightings: [saved] });
    expect(stateOf(ticked, 'console')).toBe('done');
    expect(stateOf(ticked, 'save')).toBe('proven');
    expect(stateOf(ticked, 'lookUp')).toBe('open');
  });

  it('counts what the ledger says: evidence as proof, a word as a word, and an older secret as nothing', () => {
    const confirmed = (how: 'hand' | 'seen', generation = 1) =>
      checklist(
        handoffSheet(
          [
            stack({
              ledger: {
                ...stack().ledger,
                confirmed: { online: { slot: 'a', generation, at: '2027-02-01T00:00:00Z', how } },
              },
            }),
          ],
          NOW,
        ),
        NOTHING,
      );
    expect(stateOf(confirmed('seen'), 'endpoint')).toBe('proven');
    expect(stateOf(confirmed('hand'), 'endpoint')).toBe('done');
    expect(stateOf(confirmed('hand'), 'confirm')).toBe('done');
    expect(stateOf(confirmed('seen', 2), 'endpoint')).toBe('open');
  });

  it('never takes a tick for evidence', () => {
    const all = Object.fromEntries(checklist(sheet, NOTHING).map(({ id }) => [id, 'today']));
    const steps = checklist(sheet, { ticks: all, sightings: [] });
    expect(stateOf(steps, 'signIn')).toBe('open');
    expect(stateOf(steps, 'confirm')).toBe('open');
  });

  it('asks for one look-up and one save per stack, not for those of another', () => {
    const steps = checklist(manyEndpoints(), { ticks: {}, sightings: [saved] });
    expect(stateOf(steps, 'save')).toBe('open');
  });

  it('for a rotation has the secret replaced, and leaves the switches alone', () => {
    const steps = checklist(handoffSheet([stack({ ledger: STAGED })], NOW), NOTHING);
    expect(steps.map(({ title }) => title).join()).toContain('Replace the secret in the endpoint online');
    expect(steps.some(({ id }) => id === 'details' || id === 'availability')).toBe(false);
  });

  it('has ids that are used once', () => {
    const ids = checklist(manyEndpoints(), NOTHING).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the timeline', () => {
  it('tells begin, lead date and end of each secret, whichever the moment', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2099-01-01') }), (now) => {
        const [first, second] = secretLives(STAGED, rotationPolicy(stack()), now);
        expect(first).toMatchObject({ name: 'interop-a-g1', role: 'current', start: '2026-10-20T00:00:00Z' });
        expect(second).toMatchObject({ name: 'interop-b-g2', role: 'staged', due: '2027-07-29T00:00:00Z' });
        const late = now >= new Date(first?.end ?? '');
        expect(first?.state === 'ended').toBe(late);
      }),
    );
  });

  it.each([
    ['2027-03-01T20:00:00Z', 'in 1 day'],
    ['2027-03-01T09:00:00Z', 'today'],
    ['2027-02-20T08:00:00Z', '9 days ago'],
  ])('%s is %s', (instant, words) => {
    expect(fromNow(instant, NOW)).toBe(words);
  });
});

describe('the watch', () => {
  const watch = (looks: readonly (() => Promise<Sighting | undefined>)[], rounds = 50) => {
    const controller = new AbortController();
    const seen: Sighting[] = [];
    const troubles: unknown[] = [];
    let slept = 0;
    const sources = looks.map(
      (look, index): EvidenceSource => ({ kind: 'lookUp', stack: `s${index}`, name: 'n', look }),
    );
    const done = watchEvidence({
      sources,
      since: NOW,
      intervalMs: 1,
      signal: controller.signal,
      onSighting: (sighting) => seen.push(sighting),
      onTrouble: (_, error) => troubles.push(error),
      sleep: async () => {
        slept += 1;
        if (slept >= rounds) controller.abort();
      },
    });
    return { done, seen, troubles, slept: () => slept };
  };
  const sighting: Sighting = { kind: 'lookUp', stack: 's0', at: '', what: '' };

  it('ends when all was seen, and asks nobody again who has answered', async () => {
    let asked = 0;
    const first = async () => {
      asked += 1;
      return sighting;
    };
    let rounds = 0;
    const second = async () => {
      rounds += 1;
      return rounds === 3 ? sighting : undefined;
    };
    const run = watch([first, second]);
    expect(await run.done).toEqual([]);
    expect({ asked, seen: run.seen.length, slept: run.slept() }).toEqual({ asked: 1, seen: 2, slept: 2 });
  });

  it('goes on when a source fails, tells each reason once, and is bounded', async () => {
    const run = watch([
      async () => {
        throw new Error('429');
      },
    ]);
    expect(await run.done).toHaveLength(1);
    expect(run.troubles).toHaveLength(1);
    expect(run.slept()).toBe(50);
  });
});

describe('the sources', () => {
  const at = (time: string) => new Date(`2027-03-01T${time}:00Z`);
  const keyed = (ledger: typeof STAGED) => ({
    ...ledger,
    slots: { ...ledger.slots, b: { generation: 2, endDate: '2027-08-28T00:00:00Z', keyId: 'AAAA' } },
  });
  type Log = Parameters<typeof told>[0];
  const told = (log: {
    forms?: readonly FormEvent[];
    lookUps?: readonly LookUp[];
    used?: Date;
    ownUse?: Date;
  }) =>
    evidenceSources({
      name: 'prod',
      ledger: keyed(STAGED),
      domains: ['contoso.com'],
      google: async () => ({ checked: true, value: { forms: log.forms ?? [], lookUps: log.lookUps ?? [] } }),
      signIns: async () => ({ checked: true, value: [{ keyId: 'aaaa', lastUse: log.used }] }),
      ownUses: async () => [{ type: 'use', slot: 'b', generation: 2, usedAt: log.ownUse }],
    }).sources;
  const kinds = async (log: Log) => {
    const found = await Promise.all(
      told(log).map((source) => source.look(at('07:00'), new AbortController().signal)),
    );
    return found.flatMap((sighting) => (sighting === undefined ? [] : [sighting.kind]));
  };
  const saved = { kind: 'saved', at: at('08:00') } as const;
  const lookUp = (time: string, calendar = 'Ann@Contoso.com', successful = true) => ({
    at: at(time),
    calendar,
    successful,
  });

  it.each<[string, Log, readonly string[]]>([
    ['nothing', {}, []],
    ['a save', { forms: [saved] }, ['formSaved']],
    ['a save that was wiped', { forms: [saved, { kind: 'reset', at: at('08:10') }] }, []],
    ['a look-up after the save', { forms: [saved], lookUps: [lookUp('08:05')] }, ['formSaved', 'lookUp']],
    ['a look-up before the save', { forms: [saved], lookUps: [lookUp('07:55')] }, ['formSaved']],
    ['a look-up without a save of the new secret', { lookUps: [lookUp('08:05')] }, []],
    [
      'a look-up that failed',
      { forms: [saved], lookUps: [lookUp('08:05', 'a@contoso.com', false)] },
      ['formSaved'],
    ],
    [
      "a look-up in somebody else's domain",
      { forms: [saved], lookUps: [lookUp('08:05', 'a@x.org')] },
      ['formSaved'],
    ],
    ['a sign-in that may be our own', { used: at('07:05') }, []],
    ['a later sign-in', { used: at('07:30') }, ['signIn']],
    ['a sign-in of verify', { used: at('07:30'), ownUse: at('07:29') }, []],
    ['a sign-in after that of verify', { used: at('07:45'), ownUse: at('07:29') }, ['signIn']],
  ])('%s', async (_, log, expected) => {
    expect(await kinds(log)).toEqual(expected);
  });

  it('say what cannot be watched', () => {
    const { sources, missing } = evidenceSources({
      name: 'prod',
      ledger: STAGED,
      domains: [],
      google: undefined,
      signIns: async () => ({ checked: false, why: '' }),
      ownUses: async () => [],
    });
    expect(sources).toEqual([]);
    expect(missing.join()).toContain('calendar-interop:google');
  });
});
