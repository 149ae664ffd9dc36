/** Role mailboxes from the first run to the last, in a small tenant in memory. */
import { InteropError } from '../../infra/errors.js';
import {
  applyRoleMailboxes,
  inspectRoleMailboxes,
  planRoleMailboxes,
  type RoleMailboxOutcome,
  type RoleMailboxWish,
  undoRoleMailboxes,
} from '../../infra/exchange/role-mailboxes/index.js';
import { Incomplete } from '../../infra/exchange/work.js';
import { ended, failureOf, workOn } from '../support/memory-port.js';
import { E3, KIOSK, STANDARD, Tenant } from './support/tenant.js';

const ADDRESS = 'interop@contoso.com';
const wish = (more: Partial<RoleMailboxWish> = {}): RoleMailboxWish => ({
  address: ADDRESS,
  displayName: 'Calendar Interop',
  sku: 'EXCHANGESTANDARD',
  count: 1,
  passwordNeverExpires: true,
  blockSignIn: false,
  hidden: true,
  owner: 'calendar-interop:calendar-interop/dev',
  ...more,
});

async function apply(
  tenant: Tenant,
  wanted: RoleMailboxWish,
  options: Parameters<typeof applyRoleMailboxes>[3] = {},
) {
  const work = workOn(tenant.port, tenant.clock);
  return await ended(tenant.clock, applyRoleMailboxes(work, tenant, wanted, options));
}

async function plan(tenant: Tenant, wanted: RoleMailboxWish, former?: RoleMailboxOutcome) {
  const work = workOn(tenant.port, tenant.clock);
  return planRoleMailboxes(await inspectRoleMailboxes(work, tenant, wanted, former), wanted, former);
}

async function undo(tenant: Tenant, outcome: RoleMailboxOutcome) {
  return await ended(tenant.clock, undoRoleMailboxes(workOn(tenant.port, tenant.clock), tenant, outcome));
}

/** The outcome of a run that was cut off. */
async function cutOff(
  tenant: Tenant,
  wanted: RoleMailboxWish,
  options = {},
): Promise<Incomplete<RoleMailboxOutcome>> {
  const failure = await failureOf(apply(tenant, wanted, options));
  expect(failure).toBeInstanceOf(Incomplete);
  return failure as Incomplete<RoleMailboxOutcome>;
}

describe.each(['rest', 'powershell'] as const)('over %s', (transport) => {
  it('makes licensed, hidden user mailboxes whose password does not expire, all with one password', async () => {
    const tenant = new Tenant(transport);
    tenant.licenceDelay = 90_000;
    tenant.replicationDelay = 5_000;
    const outcome = await apply(tenant, wish({ count: 3 }));
    expect(outcome.mailboxes.map(({ address, origin }) => [address, origin])).toEqual([
      ['interop@contoso.com', 'made'],
      ['interop2@contoso.com', 'made'],
      ['interop3@contoso.com', 'made'],
    ]);
    for (const { address, objectId, guid } of outcome.mailboxes) {
      expect(tenant.at(address)).toMatchObject({
        id: objectId,
        primaryAddress: address,
        kind: 'UserMailbox',
        accountEnabled: true,
        passwordPolicies: 'DisablePasswordExpiration',
        usageLocation: 'DE',
        licences: [{ skuId: STANDARD }],
        hidden: true,
        password: outcome.password,
      });
      expect(guid).not.toBe('');
    }
  });

  it('changes nothing on a second run, and says so before', async () => {
    const tenant = new Tenant(transport);
    const outcome = await apply(tenant, wish({ count: 2 }));
    const [directoryWrites, cmdlets] = [tenant.writes.length, tenant.port.writes.length];
    expect((await plan(tenant, wish({ count: 2 }), outcome)).changes).toEqual([]);
    expect(await apply(tenant, wish({ count: 2 }), { former: outcome })).toEqual(outcome);
    expect([tenant.writes.length, tenant.port.writes.length]).toEqual([directoryWrites, cmdlets]);
  });

  it('deletes on undo what it made, and nobody else', async () => {
    const tenant = new Tenant(transport);
    tenant.person('ann@contoso.com');
    const before = tenant.dump();
    await undo(tenant, await apply(tenant, wish({ count: 2 })));
    expect(tenant.dump()).toEqual(before);
  });

  it('takes up again what a run that was cut off has made, wherever it was cut', async () => {
    const steps = new Set<string>();
    const whole = new Tenant(transport);
    whole.interrupt = (step) => steps.add(step);
    await apply(whole, wish({ count: 2 }));
    for (const step of steps) {
      const tenant = new Tenant(transport);
      tenant.licenceDelay = 10_000;
      let times = 0;
      tenant.interrupt = (now) => {
        times += now === step ? 1 : 0;
        if (times === 2 && now === step) throw new Error('cut off');
      };
      // What the run recorded is lost as well: the process was killed.
      await cutOff(tenant, wish({ count: 2 }));
      tenant.interrupt = () => undefined;
      const outcome = await apply(tenant, wish({ count: 2 }));
      expect(outcome.mailboxes.map(({ origin }) => origin)).toEqual(['made', 'made']);
      expect(tenant.dump()).toEqual(whole.dump());
      const passwords = new Set(outcome.mailboxes.map(({ address }) => tenant.at(address)?.password));
      expect([...passwords]).toEqual([outcome.password]);
      await undo(tenant, outcome);
      expect(tenant.dump()).toEqual([]);
    }
    expect(steps.size).toBeGreaterThan(3);
  });
});

it('ends up with the same over both transports', async () => {
  const [rest, powershell] = [new Tenant('rest'), new Tenant('powershell')];
  for (const tenant of [rest, powershell]) await apply(tenant, wish({ count: 3, blockSignIn: true }));
  expect(powershell.dump()).toEqual(rest.dump());
  expect(powershell.port.writes.map(({ cmdlet }) => cmdlet)).toContain('New-Mailbox');
  expect(rest.port.writes.map(({ cmdlet }) => cmdlet)).not.toContain('New-Mailbox');
});

it('keeps in what it throws all that was made before a failure', async () => {
  const tenant = new Tenant();
  tenant.interrupt = (step) => {
    if (step === 'Set-Mailbox') throw new Error('cut off');
  };
  const { outcome } = await cutOff(tenant, wish({ count: 2 }));
  expect(outcome.mailboxes.map(({ address, origin }) => [address, origin])).toEqual([
    ['interop@contoso.com', 'made'],
    ['interop2@contoso.com', 'made'],
  ]);
  expect(tenant.at(ADDRESS)?.password).toBe(outcome.password);
});

describe('an existing mailbox', () => {
  it('is adopted with its own licence and never deleted; undo gives back what it had', async () => {
    const tenant = new Tenant();
    tenant.person(ADDRESS, { passwordPolicies: 'DisableStrongPassword' });
    const before = tenant.dump();
    const shown = await plan(tenant, wish({ blockSignIn: true }));
    expect(shown.notes.join()).toContain('adopted and never deleted');
    const outcome = await apply(tenant, wish({ blockSignIn: true }));
    expect(outcome).toMatchObject({ password: null, mailboxes: [{ origin: 'adopted', licence: null }] });
    expect(tenant.at(ADDRESS)).toMatchObject({
      passwordPolicies: 'DisableStrongPassword, DisablePasswordExpiration',
      accountEnabled: false,
      hidden: true,
      usageLocation: 'FR',
      licences: [{ skuId: E3 }],
      password: 'theirs',
    });
    await undo(tenant, outcome);
    expect(tenant.dump()).toEqual(before);
  });

  it('keeps its former values in the record over later runs', async () => {
    const tenant = new Tenant();
    tenant.person(ADDRESS);
    const before = tenant.dump();
    const first = await apply(tenant, wish());
    const second = await apply(tenant, wish(), { former: first });
    await undo(tenant, second);
    expect(tenant.dump()).toEqual(before);
  });

  it('gets its former value back when a wish is taken back', async () => {
    const tenant = new Tenant();
    tenant.person(ADDRESS);
    const first = await apply(tenant, wish({ blockSignIn: true }));
    const shown = await plan(tenant, wish(), first);
    expect(shown.changes).toEqual([`${ADDRESS}: allow signing in`]);
    await apply(tenant, wish(), { former: first });
    expect(tenant.at(ADDRESS)?.accountEnabled).toBe(true);
  });

  it('keeps what somebody else changed after the adoption', async () => {
    const tenant = new Tenant();
    const { id } = tenant.person(ADDRESS);
    const outcome = await apply(tenant, wish());
    const now = tenant.at(ADDRESS);
    if (now === undefined) throw new Error('gone');
    tenant.users.set(id, { ...now, passwordPolicies: 'DisableStrongPassword', hidden: false });
    const words = await undo(tenant, outcome);
    expect(words.join('\n')).toContain('the password policy was changed by somebody else');
    expect(tenant.at(ADDRESS)).toMatchObject({ passwordPolicies: 'DisableStrongPassword', hidden: false });
  });

  it('gets a licence where it has none that brings EWS, and loses only that one on undo', async () => {
    const tenant = new Tenant();
    const kiosk = { skuId: KIOSK, disabledPlans: [] };
    tenant.person(ADDRESS, { licences: [kiosk] });
    const outcome = await apply(tenant, wish());
    expect(tenant.at(ADDRESS)?.licences).toEqual([kiosk, { skuId: STANDARD, disabledPlans: [] }]);
    await undo(tenant, outcome);
    expect(tenant.at(ADDRESS)?.licences).toEqual([kiosk]);
  });

  it('counts a licence whose Exchange service is switched off as none', async () => {
    const tenant = new Tenant();
    tenant.person(ADDRESS, { licences: [{ skuId: E3, disabledPlans: [`${E3}-plan`] }] });
    expect((await plan(tenant, wish())).changes).toContain(
      `${ADDRESS}: give it the licence EXCHANGESTANDARD`,
    );
  });

  it.each([
    ['a shared mailbox', { kind: 'SharedMailbox' }, 'SharedMailbox'],
    ['a room', { kind: 'RoomMailbox' }, 'RoomMailbox'],
    ['a secondary address', { primaryAddress: 'ann@contoso.com' }, 'not the primary address'],
  ])('is refused when it is %s', async (_, more, words) => {
    const tenant = new Tenant();
    tenant.person(ADDRESS, more);
    const failure = await failureOf(apply(tenant, wish()));
    expect(failure).toBeInstanceOf(InteropError);
    expect(String(failure)).toContain(words);
    expect(tenant.writes).toEqual([]);
  });

  it('is refused when it is synchronised and would have to change', async () => {
    const tenant = new Tenant();
    tenant.person(ADDRESS, { synchronised: true });
    await expect(apply(tenant, wish())).rejects.toThrow('synchronised from a directory of your own');
    const untouched = { passwordNeverExpires: false, hidden: false };
    expect((await apply(tenant, wish(untouched))).mailboxes).toHaveLength(1);
    expect(tenant.writes).toEqual([]);
  });
});

it('gives an adopted one back what it had before a killed run, by the look before it', async () => {
  const tenant = new Tenant();
  const kiosk = { skuId: KIOSK, disabledPlans: [] };
  tenant.person(ADDRESS, { licences: [kiosk], passwordPolicies: 'DisableStrongPassword' });
  const before = tenant.dump();
  const baseline = await inspectRoleMailboxes(workOn(tenant.port, tenant.clock), tenant, wish());
  await apply(tenant, wish());
  // Kept as JSON between the runs; what the first one recorded is lost.
  const outcome = await apply(tenant, wish(), { baseline: JSON.parse(JSON.stringify(baseline)) });
  expect(outcome.mailboxes[0]).toMatchObject({
    origin: 'adopted',
    licence: { partNumber: 'EXCHANGESTANDARD' },
  });
  await undo(tenant, outcome);
  expect(tenant.dump()).toEqual(before);
});

describe('licences', () => {
  it('are counted before anything is made', async () => {
    const tenant = new Tenant();
    tenant.skus = tenant.skus.map((sku) => (sku.id === STANDARD ? { ...sku, enabled: 4, consumed: 2 } : sku));
    const failure = await failureOf(apply(tenant, wish({ count: 3 })));
    expect(failure).toBeInstanceOf(InteropError);
    const words = String((failure as InteropError).message);
    expect(words).toContain('EXCHANGESTANDARD: 3 needed, 2 free');
    expect(words).toContain('2 of 4 in use');
    expect(words).toContain('buy 1 more of EXCHANGESTANDARD');
    expect(words).toContain('ENTERPRISEPACK (25 of 25 free)');
    expect(tenant.users.size).toBe(0);
  });

  it('that somebody else took meanwhile are told with the count of now', async () => {
    const tenant = new Tenant();
    tenant.interrupt = (step) => {
      if (step === 'assignLicenses') {
        tenant.skus = tenant.skus.map((sku) =>
          sku.id === STANDARD ? { ...sku, consumed: sku.enabled } : sku,
        );
      }
    };
    const { cause, outcome } = await cutOff(tenant, wish());
    expect(String(cause)).toContain('25 of 25 in use');
    expect(outcome.mailboxes).toHaveLength(1);
  });

  it('that the tenant does not have are refused with those that it has', async () => {
    const failure = await failureOf(apply(new Tenant(), wish({ sku: 'EXCHANGEENTERPRISE' })));
    expect(String(failure)).toContain('EXCHANGESTANDARD (25 of 25 free), ENTERPRISEPACK (25 of 25 free)');
    expect(String(failure)).not.toContain('FLOW_FREE');
  });

  it.each([
    ['EXCHANGEDESKLESS', 'Kiosk'],
    ['FLOW_FREE', 'brings no mailbox'],
  ])('such as %s are refused', async (sku, words) => {
    await expect(apply(new Tenant(), wish({ sku }))).rejects.toThrow(words);
  });

  it('change in one step, so that the mailbox is never without one', async () => {
    const tenant = new Tenant();
    const former = await apply(tenant, wish());
    const since = tenant.at(ADDRESS)?.licensedAt;
    tenant.clock.advance(1000);
    await apply(tenant, wish({ sku: 'ENTERPRISEPACK' }), { former });
    expect(tenant.at(ADDRESS)).toMatchObject({ licences: [{ skuId: E3 }], licensedAt: since });
  });

  it('need a country: that of the wish, else that of the tenant, else an error', async () => {
    const tenant = new Tenant();
    await apply(tenant, wish({ usageLocation: 'NL' }));
    expect(tenant.at(ADDRESS)?.usageLocation).toBe('NL');
    const bare = new Tenant();
    bare.country = undefined;
    await expect(apply(bare, wish())).rejects.toThrow('no licence without a country');
    expect(bare.users.size).toBe(0);
  });
});

describe('a mailbox that does not come', () => {
  it('ends the wait with what was made, and the next run goes on waiting', async () => {
    const tenant = new Tenant();
    tenant.licenceDelay = 60 * 60_000;
    const { cause, outcome } = await cutOff(tenant, wish({ count: 2 }), { patienceMs: 10 * 60_000 });
    expect(cause).toBeInstanceOf(InteropError);
    expect((cause as InteropError).kind).toBe('timeout');
    expect(String(cause)).toContain('interop2@contoso.com');
    expect(tenant.clock.now()).toBeGreaterThanOrEqual(10 * 60_000);
    const writes = tenant.writes.length;
    const whole = await apply(tenant, wish({ count: 2 }), { former: outcome, patienceMs: 60 * 60_000 });
    expect(whole.mailboxes.every(({ guid }) => guid !== '')).toBe(true);
    expect(tenant.writes.length).toBe(writes);
  });

  it('does not hold up a run that is stopped', async () => {
    const tenant = new Tenant();
    tenant.licenceDelay = Infinity;
    const stop = new AbortController();
    tenant.clock.after(30_000, () => stop.abort(new Error('stopped')));
    const work = workOn(tenant.port, tenant.clock, stop.signal);
    const failure = await failureOf(ended(tenant.clock, applyRoleMailboxes(work, tenant, wish())));
    expect(failure).toMatchObject({ message: 'stopped', outcome: { mailboxes: [{ origin: 'made' }] } });
    expect(tenant.clock.now()).toBe(30_000);
  });
});

describe('a smaller count', () => {
  it('deletes those that were made, and gives an adopted one back', async () => {
    const tenant = new Tenant();
    tenant.person('interop3@contoso.com');
    const before = tenant.dump();
    const former = await apply(tenant, wish({ count: 3 }));
    const shown = await plan(tenant, wish({ count: 1 }), former);
    expect(shown.changes).toEqual([
      'delete interop2@contoso.com, which is no longer wished',
      expect.stringContaining('interop3@contoso.com: give back what it had before'),
    ]);
    const outcome = await apply(tenant, wish({ count: 1 }), { former });
    expect(outcome.mailboxes.map(({ address }) => address)).toEqual([ADDRESS]);
    await undo(tenant, outcome);
    expect(tenant.dump()).toEqual(before);
  });
});

it('leaves somebody alone who has the address of a mailbox that was deleted behind our back', async () => {
  const tenant = new Tenant();
  const outcome = await apply(tenant, wish());
  tenant.users.clear();
  tenant.person(ADDRESS);
  const before = tenant.dump();
  expect(await undo(tenant, outcome)).toEqual([`${ADDRESS} is gone already`]);
  expect(tenant.dump()).toEqual(before);
});
