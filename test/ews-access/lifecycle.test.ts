/** EWS access from the first run to the last, in an organisation in memory. */
import { InteropError } from '../../infra/errors.js';
import {
  applyEwsAccess,
  type EwsAccessOutcome,
  type EwsAccessWish,
  ewsAccessState,
  inspectEwsAccess,
  LIST_TIMING,
  planEwsAccess,
  undoEwsAccess,
} from '../../infra/exchange/ews-access/index.js';
import { Incomplete } from '../../infra/exchange/work.js';
import { ended, failureOf, refusal, workOn } from '../support/memory-port.js';
import { Organization } from './support/organization.js';

const OURS = '0a0a0a0a-0000-4000-8000-000000000001';
const TEAMS = 'AAAAAAAA-1111-4111-8111-111111111111';
const BACKUP = 'bbbbbbbb-2222-4222-8222-222222222222';

const wish = (more: Partial<EwsAccessWish> = {}): EwsAccessWish => ({
  clientId: OURS,
  roleAccounts: [],
  acknowledgeAllowList: false,
  ...more,
});

async function plan(organization: Organization, wanted = wish()) {
  const work = workOn(organization.port(), organization.clock);
  return planEwsAccess(await ended(organization.clock, inspectEwsAccess(work, wanted)), wanted);
}

async function apply(
  organization: Organization,
  wanted = wish(),
  options: Parameters<typeof applyEwsAccess>[2] = {},
) {
  const work = workOn(organization.port(), organization.clock);
  return await ended(organization.clock, applyEwsAccess(work, wanted, options));
}

async function undo(organization: Organization, outcome: EwsAccessOutcome) {
  return await ended(
    organization.clock,
    undoEwsAccess(workOn(organization.port(), organization.clock), outcome),
  );
}

function organizationWith(enabled: boolean | null, ids: string | null): Organization {
  return Object.assign(new Organization(), { enabled, ids });
}

describe('the allow list', () => {
  it('gains our id behind the others, which stay as they were written', async () => {
    const organization = organizationWith(true, `${TEAMS},{odd},${BACKUP}`);
    const shown = await plan(organization);
    expect(shown.changes).toEqual([`add ${OURS} to the allow list of EWS (the 3 entries in it stay)`]);
    expect(shown.warnings.join('\n')).toContain('entries that are no ids, which stay as they are: {odd}');
    const outcome = await apply(organization);
    expect(organization.ids).toBe(`${TEAMS},{odd},${BACKUP},${OURS}`);
    expect(outcome).toMatchObject({ added: true, turnedOn: false, writtenAt: expect.any(String) });
    await undo(organization, outcome);
    expect(organization.ids).toBe(`${TEAMS},{odd},${BACKUP}`);
  });

  it('is not written when our id is in it, in whatever spelling, nor on a second run', async () => {
    const organization = organizationWith(true, `${TEAMS}, ${OURS.toUpperCase()}`);
    organization.beforeWrite = () => {
      throw new Error('written');
    };
    const outcome = await apply(organization);
    expect(outcome).toMatchObject({ added: false, writtenAt: null });
    expect((await plan(organization)).changes).toEqual([]);
    await undo(organization, outcome);
    expect(organization.ids).toBe(`${TEAMS}, ${OURS.toUpperCase()}`);
  });

  it('is emptied by undo where it was empty', async () => {
    const organization = organizationWith(true, null);
    await undo(organization, await apply(organization));
    expect(organization).toMatchObject({ enabled: true, ids: null });
  });

  it('keeps on undo what others added meanwhile', async () => {
    const organization = organizationWith(true, TEAMS);
    const outcome = await apply(organization);
    organization.ids = `${organization.ids},${BACKUP}`;
    await undo(organization, outcome);
    expect(organization.ids).toBe(`${TEAMS},${BACKUP}`);
  });

  it('that Exchange refuses stays as it was, and the error says how long it is', async () => {
    const organization = organizationWith(true, TEAMS);
    organization.beforeWrite = () => {
      throw refusal('Set-OrganizationConfig', 'InvalidOperationException', 'The value is too long.');
    };
    const failure = await failureOf(apply(organization));
    expect(failure).toBeInstanceOf(Incomplete);
    expect(String((failure as Incomplete<unknown>).cause)).toContain('found 2 entries, 73 characters');
    expect(organization.ids).toBe(TEAMS);
  });

  it('survives reads that show for a while what was before', async () => {
    const organization = organizationWith(true, `${TEAMS},${BACKUP}`);
    organization.staleMs = 20_000;
    let writes = 0;
    organization.beforeWrite = () => {
      writes += 1;
    };
    await apply(organization);
    expect([...organization.list].sort()).toEqual([OURS, TEAMS, BACKUP].sort());
    expect(writes).toBe(1);
  });
});

describe('the switch', () => {
  it('stays unset without consent, and the plan says what consent would do', async () => {
    const organization = organizationWith(null, TEAMS);
    const shown = await plan(organization);
    expect(shown.turnOn).toBe(false);
    expect(shown.warnings.join('\n')).toContain('ewsAccess.acknowledgeAllowList: true turns it on');
    expect(shown.warnings.join('\n')).toContain(TEAMS);
    await apply(organization);
    expect(organization).toMatchObject({ enabled: null, ids: `${TEAMS},${OURS}` });
  });

  it('is turned on with consent, after a plan that says who loses access', async () => {
    const organization = organizationWith(null, null);
    const shown = await plan(organization, wish({ acknowledgeAllowList: true }));
    expect(shown.changes).toContain('turn EWS on for the applications in the allow list (it is not set)');
    expect(shown.warnings[0]).toContain(
      'whatever uses EWS in this organisation and is not in it loses access',
    );
    expect(shown.warnings[0]).toContain('no other application is in it');
    const outcome = await apply(organization, wish({ acknowledgeAllowList: true }));
    expect(organization).toMatchObject({ enabled: true, ids: OURS });
    await undo(organization, outcome);
    expect(organization).toMatchObject({ enabled: null, ids: null });
  });

  it('is turned on where it is off, and off again on undo', async () => {
    const organization = organizationWith(false, TEAMS);
    expect((await plan(organization)).warnings[0]).toContain(`in it are also: ${TEAMS}`);
    const outcome = await apply(organization);
    expect(organization).toMatchObject({ enabled: true, ids: `${TEAMS},${OURS}` });
    await undo(organization, outcome);
    expect(organization).toMatchObject({ enabled: false, ids: TEAMS });
  });

  it('stays on after undo where the rest of the list is not as it was', async () => {
    const organization = organizationWith(null, TEAMS);
    const outcome = await apply(organization, wish({ acknowledgeAllowList: true }));
    organization.ids = `${organization.ids},${BACKUP}`;
    const words = await undo(organization, outcome);
    expect(organization).toMatchObject({ enabled: true, ids: `${TEAMS},${BACKUP}` });
    expect(words.join('\n')).toContain('stays on');
  });

  it('keeps its first former value over later runs', async () => {
    const organization = organizationWith(null, TEAMS);
    const first = await apply(organization);
    const second = await apply(organization, wish({ acknowledgeAllowList: true }), { former: first });
    const third = await apply(organization, wish({ acknowledgeAllowList: true }), { former: second });
    await undo(organization, third);
    expect(organization).toMatchObject({ enabled: null, ids: TEAMS });
  });
});

describe('role accounts', () => {
  it('whose own switch is off are opened, and closed again on undo; others are left alone', async () => {
    const organization = organizationWith(true, OURS);
    organization.mailboxes.set('a@contoso.com', { enabled: false });
    organization.mailboxes.set('b@contoso.com', { enabled: null });
    const wanted = wish({ roleAccounts: ['a@contoso.com', 'b@contoso.com'] });
    expect((await plan(organization, wanted)).changes).toEqual([
      'turn EWS on for a@contoso.com (it is off for this mailbox)',
    ]);
    const outcome = await apply(organization, wanted);
    expect([...organization.mailboxes.values()]).toEqual([{ enabled: true }, { enabled: null }]);
    await undo(organization, outcome);
    expect([...organization.mailboxes.values()]).toEqual([{ enabled: false }, { enabled: null }]);
  });

  it('that do not exist are named', async () => {
    const failure = await failureOf(apply(new Organization(), wish({ roleAccounts: ['x@contoso.com'] })));
    expect(failure).toBeInstanceOf(InteropError);
    expect(String(failure)).toContain('x@contoso.com has no mailbox');
  });
});

it('reports older lists by User-Agent of the organisation and of mailboxes', async () => {
  const organization = Object.assign(organizationWith(true, OURS), {
    policy: 'EnforceAllowList',
    allow: ['Outlook/*'],
  });
  organization.mailboxes.set('a@contoso.com', {
    enabled: true,
    policy: 'EnforceBlockList',
    block: ['Apache*'],
  });
  const { warnings } = await plan(organization, wish({ roleAccounts: ['a@contoso.com'] }));
  expect(warnings.join('\n')).toContain(
    'the organisation lets in only these User-Agents (EwsAllowList): Outlook/*',
  );
  expect(warnings.join('\n')).toContain('a@contoso.com shuts out these User-Agents (EwsBlockList): Apache*');
});

it('counts what keeps look-ups out', async () => {
  const organization = organizationWith(false, TEAMS);
  const work = workOn(organization.port(), organization.clock);
  const found = await ended(organization.clock, inspectEwsAccess(work, wish()));
  expect(ewsAccessState(found, wish())).toEqual({
    enabled: false,
    listed: false,
    others: 1,
    violations: ["the organisation's EWS switch is off", `${OURS} is not in the allow list of EWS`],
  });
});

describe('a run that is cut off', () => {
  it.each(['before the write', 'between the write and the compare'])(
    '%s leaves behind what undoing needs',
    async (when) => {
      const organization = organizationWith(null, TEAMS);
      const stop = new AbortController();
      const isAfter = when.startsWith('between');
      organization.beforeWrite = () => {
        if (!isAfter) throw refusal('Set-OrganizationConfig', 'ServerBusyException', 'busy');
        organization.clock.after(100, () => stop.abort(new Error('stopped')));
      };
      const work = workOn(organization.port(), organization.clock, stop.signal);
      const wanted = wish({ acknowledgeAllowList: true });
      const failure = await failureOf(ended(organization.clock, applyEwsAccess(work, wanted)));
      organization.beforeWrite = () => undefined;
      expect(failure).toBeInstanceOf(Incomplete);
      await undo(organization, (failure as Incomplete<EwsAccessOutcome>).outcome);
      expect(organization).toMatchObject({ enabled: null, ids: TEAMS });
    },
  );

  it('and whose record is lost is undone by the look before it', async () => {
    const organization = organizationWith(null, TEAMS);
    organization.mailboxes.set('a@contoso.com', { enabled: false });
    const wanted = wish({ acknowledgeAllowList: true, roleAccounts: ['a@contoso.com'] });
    const work = workOn(organization.port(), organization.clock);
    const baseline = await ended(organization.clock, inspectEwsAccess(work, wanted));
    await apply(organization, wanted);
    const outcome = await apply(organization, wanted, { baseline });
    expect(outcome).toMatchObject({ added: true, turnedOn: true, opened: ['a@contoso.com'] });
    await undo(organization, outcome);
    expect(organization).toMatchObject({ enabled: null, ids: TEAMS });
    expect(organization.mailboxes.get('a@contoso.com')).toEqual({ enabled: false });
  });
});

it('gives up when something else keeps overwriting, and says so', async () => {
  const organization = organizationWith(true, TEAMS);
  organization.beforeWrite = () => {
    organization.clock.after(1_000, () => {
      organization.ids = BACKUP;
    });
  };
  const failure = await failureOf(apply(organization));
  expect(String((failure as Incomplete<unknown>).cause)).toContain('another program seems to write it, too');
});

it('does not send a write that has waited too long after its read', async () => {
  const organization = organizationWith(true, TEAMS);
  const times: number[] = [];
  let slow = true;
  const port = organization.port(() => (slow ? [LIST_TIMING.writeWithinMs + 1, 0] : [0, 0]));
  const work = workOn(port, organization.clock);
  organization.clock.after(30_000, () => {
    slow = false;
  });
  organization.beforeWrite = () => times.push(organization.clock.now());
  await ended(organization.clock, applyEwsAccess(work, wish()));
  expect(times.every((time) => time >= 30_000)).toBe(true);
  expect(organization.ids).toBe(`${TEAMS},${OURS}`);
});

it('gives up a write that hangs, looks what became of it, and goes on', async () => {
  const organization = organizationWith(true, TEAMS);
  let writes = 0;
  const port = organization.port((cmdlet) => {
    if (cmdlet !== 'Set-OrganizationConfig') return [0, 0];
    writes += 1;
    return writes === 1 ? [90_000, 0] : [100, 0];
  });
  await ended(organization.clock, applyEwsAccess(workOn(port, organization.clock), wish()));
  expect(organization.clock.now()).toBeLessThan(90_000);
  expect(organization.ids).toBe(`${TEAMS},${OURS}`);
});

it('says that Exchange is too slow, rather than write what may be old', async () => {
  const organization = organizationWith(true, TEAMS);
  const port = organization.port((cmdlet) => (cmdlet === 'Set-OrganizationConfig' ? [Infinity, 0] : [0, 0]));
  const work = workOn(port, organization.clock);
  const failure = (await failureOf(
    ended(organization.clock, applyEwsAccess(work, wish())),
  )) as Incomplete<unknown>;
  expect(failure.cause).toMatchObject({ kind: 'timeout' });
  expect(organization.ids).toBe(TEAMS);
});
