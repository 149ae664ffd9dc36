import type { VisibilityConfig } from '../../infra/config.js';
import type { CmdletCall } from '../../infra/exchange/transport/port.js';
import { applyVisibility } from '../../infra/exchange/visibility/apply.js';
import { type Outcome, planText } from '../../infra/exchange/visibility/outcome.js';
import { Pending } from '../../infra/exchange/visibility/pending.js';
import { planVisibility } from '../../infra/exchange/visibility/plan.js';
import type { SweepTools } from '../../infra/exchange/visibility/tools.js';
import { undoVisibility } from '../../infra/exchange/visibility/undo.js';
import { UndoRecord } from '../../infra/exchange/visibility/undo-record.js';
import { temporaryFiles } from './support/temporary-files.js';
import { guidOf, type Mailbox, mailbox, refuse, Tenant } from './support/tenant.js';

type Target = Pick<VisibilityConfig, 'level' | 'scope' | 'exclude'>;
const ALL: Target = { level: 'LimitedDetails', scope: { all: true }, exclude: [] };

function toolsFor(port: Tenant, more: Partial<SweepTools> = {}): SweepTools {
  return { port, files: undefined, revisitAfterMs: [0, 0], ...more };
}

/** Both passes, as the engine runs them. */
async function upWith(tools: SweepTools, target = ALL, former = UndoRecord.empty) {
  const plan = await planVisibility(tools, target, former);
  const result = await applyVisibility(tools, target, plan);
  return { plan, result };
}

/** Every sort of right that `Default` can have. */
function mixed(): Mailbox[] {
  const rights = [
    ['None'],
    ['AvailabilityOnly'],
    ['LimitedDetails'],
    ['Reviewer'],
    ['Editor'],
    ['Contributor'],
    ['CreateItems', 'FolderVisible'],
    ['FolderVisible'],
  ];
  return Array.from({ length: 48 }, (_, number) =>
    mailbox(number, rights[number % rights.length] ?? ['None']),
  );
}

describe('plan', () => {
  it('counts what would change and writes nothing', async () => {
    const tenant = new Tenant(mixed());
    const before = tenant.dump();
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    expect(plan.counts).toMatchObject({ lower: 12, enough: 18, incomparable: 18, failed: 0 });
    expect(plan.record.size).toBe(12);
    expect(plan.pending.size).toBe(12);
    expect(tenant.dump()).toEqual(before);
    expect(tenant.count('Set-MailboxFolderPermission')).toBe(0);
  });

  it('says so in one sentence', async () => {
    const tenant = new Tenant([mailbox(1, ['None']), mailbox(2, ['Editor']), mailbox(3, ['None'])]);
    const exclude = [{ address: 'user3@contoso.com', reason: 'works council' }];
    const { counts } = await planVisibility(toolsFor(tenant), { ...ALL, exclude }, UndoRecord.empty);
    expect(planText(counts)).toBe('1 of 3 calendars would change, 1 is stricter on purpose');
    expect(planText({ ...counts, lower: 412, enough: 9903, excluded: 3 })).toBe(
      '412 of 10,318 calendars would change, 3 are stricter on purpose',
    );
  });

  it('keeps what earlier runs had found, also of mailboxes that are fine now', async () => {
    const tenant = new Tenant([mailbox(1, ['AvailabilityOnly']), mailbox(2, ['LimitedDetails'])]);
    const former = UndoRecord.of([
      [guidOf(1), { former: 'None', set: ['AvailabilityOnly'] }],
      [guidOf(2), { former: 'None', set: ['LimitedDetails'] }],
    ]);
    const plan = await planVisibility(toolsFor(tenant), ALL, former);
    expect(plan.record.find(guidOf(1))).toEqual({
      former: 'None',
      set: ['AvailabilityOnly', 'LimitedDetails'],
    });
    expect(plan.record.find(guidOf(2))?.former).toBe('None');
    expect([...plan.pending.guids()]).toEqual([guidOf(1)]);
  });
});

describe('apply', () => {
  it('raises what is lower and leaves everything else alone', async () => {
    const tenant = new Tenant(mixed());
    const others = tenant.dump('Default');
    const { result } = await upWith(toolsFor(tenant));
    expect(result.counts).toMatchObject({ raised: 12, failed: 0 });
    expect(tenant.dump('Default')).toEqual(others);
    for (const [number, box] of mixed().entries()) {
      const was = box.folders[1]?.entries[0]?.rights.join('+');
      const raised = was === 'None' || was === 'AvailabilityOnly';
      expect(tenant.level(number)).toBe(raised ? 'LimitedDetails' : was);
    }
  });

  it('raises only None where free and busy is all that is wanted', async () => {
    const tenant = new Tenant(mixed());
    await upWith(toolsFor(tenant), { ...ALL, level: 'AvailabilityOnly' });
    expect(tenant.writes.length).toBe(6);
    expect(
      tenant.writes.every(({ before, after }) => before === 'None' && after === 'AvailabilityOnly'),
    ).toBe(true);
  });

  it('takes 3 cmdlets a mailbox where no folder id is known, and 1 a mailbox on a later run', async () => {
    const tenant = new Tenant(Array.from({ length: 30 }, (_, n) => mailbox(n, ['None'])));
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    tenant.calls.length = 0;
    const files = temporaryFiles();
    await applyVisibility(toolsFor(tenant, { files }), ALL, plan);
    expect(tenant.calls.length).toBe(30 * 3);
    tenant.calls.length = 0;
    const again = await planVisibility(toolsFor(tenant, { files }), ALL, plan.record);
    expect(tenant.calls.length).toBe(30 + 1);
    expect(again.pending.size).toBe(0);
    tenant.calls.length = 0;
    await applyVisibility(toolsFor(tenant, { files }), ALL, again);
    expect(tenant.calls.length).toBe(0);
  });

  it('writes to no mailbox outside of the baseline', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    tenant.mailboxes.set(guidOf(2), mailbox(2, ['None']));
    await applyVisibility(toolsFor(tenant), ALL, plan);
    expect(tenant.writes.map(({ guid }) => guid)).toEqual([guidOf(1)]);
  });

  it('does not lower what somebody raised after the baseline', async () => {
    const tenant = new Tenant([mailbox(1, ['None']), mailbox(2, ['None'])]);
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    tenant.setLevel(1, ['Editor']);
    tenant.setLevel(2, ['CreateItems', 'FolderVisible']);
    const { counts } = await applyVisibility(toolsFor(tenant), ALL, plan);
    expect(counts).toMatchObject({ raised: 0, enough: 1, incomparable: 1 });
    expect(tenant.writes).toEqual([]);
  });

  it('refuses a baseline that was made for another level', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    await expect(
      applyVisibility(toolsFor(tenant), { ...ALL, level: 'AvailabilityOnly' }, plan),
    ).rejects.toThrow(/another level/);
  });

  it('covers mailboxes that came since by the next run', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const { plan } = await upWith(toolsFor(tenant));
    tenant.mailboxes.set(guidOf(2), mailbox(2, ['AvailabilityOnly']));
    const next = await upWith(toolsFor(tenant), ALL, plan.record);
    expect(tenant.level(2)).toBe('LimitedDetails');
    expect(next.plan.record.size).toBe(2);
  });
});

describe('exclusions', () => {
  it('leaves a mailbox alone whichever of its addresses is given, in any case of letters', async () => {
    const tenant = new Tenant([mailbox(1, ['None']), mailbox(2, ['None']), mailbox(3, ['None'])]);
    const exclude = [
      { address: 'USER1@contoso.com', reason: 'board' },
      { address: 'alias2@contoso.com', reason: 'works council' },
    ];
    const { plan, result } = await upWith(toolsFor(tenant), { ...ALL, exclude });
    expect(plan.counts.excluded).toBe(2);
    expect(result.counts.raised).toBe(1);
    expect(tenant.writes.map(({ guid }) => guid)).toEqual([guidOf(3)]);
    const asked = tenant.calls.filter(({ cmdlet }) => cmdlet.startsWith('Get-MailboxFolder'));
    expect(asked.some(({ identity }) => identity?.startsWith(guidOf(1)))).toBe(false);
  });

  it('still holds where the exclusion came after the baseline', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    const exclude = [{ address: 'user1@contoso.com', reason: 'board' }];
    const { counts } = await applyVisibility(toolsFor(tenant), { ...ALL, exclude }, plan);
    expect(counts.excluded).toBe(1);
    expect(tenant.writes).toEqual([]);
  });

  it('names addresses that belong to nobody', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const exclude = [{ address: 'nobody@contoso.com', reason: 'typo' }];
    const plan = await planVisibility(toolsFor(tenant), { ...ALL, exclude }, UndoRecord.empty);
    expect(plan.unknownExclusions).toEqual(exclude);
  });

  it('changes nothing when an excluded address cannot be looked up', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    tenant.before = ({ cmdlet }) => {
      if (cmdlet === 'Get-Mailbox') refuse(cmdlet, 'SomeException', 'the directory does not answer');
    };
    const exclude = [{ address: 'user1@contoso.com', reason: 'board' }];
    await expect(applyVisibility(toolsFor(tenant), { ...ALL, exclude }, plan)).rejects.toThrow(
      /no calendar was changed/,
    );
    expect(tenant.writes).toEqual([]);
  });
});

describe('scope', () => {
  const kinds = ['UserMailbox', 'SharedMailbox', 'RoomMailbox', 'DiscoveryMailbox'];
  const tenantOfKinds = () =>
    new Tenant(kinds.map((kind, number) => mailbox(number + 1, ['None'], { kind })));

  it('{all} takes all kinds that people look up', async () => {
    const plan = await planVisibility(toolsFor(tenantOfKinds()), ALL, UndoRecord.empty);
    expect([...plan.pending.guids()]).toEqual([1, 2, 3].map(guidOf));
    expect(plan.notes.otherKinds).toBe(1);
  });

  it('{recipientTypes} takes these', async () => {
    const target: Target = { ...ALL, scope: { recipientTypes: ['RoomMailbox'] } };
    const plan = await planVisibility(toolsFor(tenantOfKinds()), target, UndoRecord.empty);
    expect([...plan.pending.guids()]).toEqual([guidOf(3)]);
  });

  it('{filter} hands the filter over as it is', async () => {
    const tenant = tenantOfKinds();
    const seen: unknown[] = [];
    tenant.before = ({ cmdlet, parameters }) => {
      if (cmdlet === 'Get-Mailbox') seen.push(parameters);
    };
    const filter = `Department -eq 'O''Brien "$(x)"'`;
    await planVisibility(toolsFor(tenant), { ...ALL, scope: { filter } }, UndoRecord.empty);
    expect(seen).toEqual([{ Filter: filter, ResultSize: 'Unlimited' }]);
  });

  it('{group} takes the members, those of nested groups, and each once', async () => {
    const tenant = tenantOfKinds();
    const member = (number: number) => ({ Guid: guidOf(number), RecipientTypeDetails: 'UserMailbox' });
    const group = (number: number) => ({
      Guid: guidOf(number),
      RecipientTypeDetails: 'MailUniversalDistributionGroup',
    });
    tenant.groups.set('sales@contoso.com', [member(1), group(91), { RecipientTypeDetails: 'MailContact' }]);
    tenant.groups.set(guidOf(91), [member(2), member(1), group(92)]);
    tenant.groups.set(guidOf(92), [group(91)]);
    const target: Target = { ...ALL, scope: { group: 'sales@contoso.com' } };
    const plan = await planVisibility(toolsFor(tenant), target, UndoRecord.empty);
    expect([...plan.pending.guids()]).toEqual([guidOf(1), guidOf(2)]);
    expect(plan.notes.repeated).toBe(1);
  });

  it('asks nothing about rows without an id, and nothing twice', async () => {
    const tenant = new Tenant([mailbox(1, ['None'])]);
    const row = { PrimarySmtpAddress: 'x@contoso.com', RecipientTypeDetails: 'UserMailbox' };
    tenant.extraRows = [
      { ...row, Guid: '00000000-0000-0000-0000-000000000000' },
      { ...row, Guid: guidOf(1).toUpperCase() },
      { ...row, Guid: null as unknown as string },
      { ...row, Guid: '' },
    ];
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    expect(plan.notes).toEqual({ otherKinds: 0, withoutId: 3, repeated: 1 });
    const asked = tenant.calls.filter(({ cmdlet }) => cmdlet !== 'Get-Mailbox');
    expect(asked.length).toBe(2);
    expect(asked.every(({ identity }) => identity?.startsWith(guidOf(1)))).toBe(true);
  });

  it('fails as a whole when the list ends too early', async () => {
    const tenant = new Tenant(mixed());
    const list = tenant.stream.bind(tenant);
    tenant.stream = async function* (call) {
      let count = 0;
      for await (const row of list(call)) {
        if (count++ === 20) refuse(call.cmdlet, 'PagingException', 'Expired or Invalid pagination request.');
        yield row;
      }
    } as typeof tenant.stream;
    await expect(planVisibility(toolsFor(tenant), ALL, UndoRecord.empty)).rejects.toThrow(/pagination/);
    expect(tenant.open).toBe(0);
  });
});

describe('trouble with single mailboxes', () => {
  const failing = (tenant: Tenant, number: number, cmdlet: string, act: (call: CmdletCall) => void) => {
    tenant.before = (call) => {
      const identity = String((call.parameters as { Identity?: string }).Identity ?? '');
      if (call.cmdlet === cmdlet && identity.startsWith(guidOf(number))) act(call);
    };
  };
  const three = () => new Tenant([1, 2, 3].map((number) => mailbox(number, ['None'])));

  it('does not stop the others, and is reported with its reason', async () => {
    const tenant = three();
    failing(tenant, 2, 'Set-MailboxFolderPermission', ({ cmdlet }) =>
      refuse(cmdlet, 'CannotChangePermissionsOnFolderException', 'protected'),
    );
    const { result } = await upWith(toolsFor(tenant));
    expect(result.counts).toMatchObject({ raised: 2, failed: 1 });
    expect(result.failures[0]?.reason).toContain('CannotChangePermissionsOnFolderException: protected');
    expect(tenant.level(1)).toBe('LimitedDetails');
    expect(tenant.level(3)).toBe('LimitedDetails');
  });

  it('is tried again at the end where it may pass', async () => {
    const tenant = three();
    let left = 2;
    failing(tenant, 2, 'Set-MailboxFolderPermission', ({ cmdlet }) => {
      if (left-- > 0) refuse(cmdlet, '', 'the server is busy', true);
    });
    const { result } = await upWith(toolsFor(tenant));
    expect(result.counts).toMatchObject({ raised: 3, failed: 0 });
    expect(tenant.writes.at(-1)?.guid).toBe(guidOf(2));
  });

  it('counts a mailbox that vanished between list and read', async () => {
    const tenant = three();
    failing(tenant, 2, 'Get-MailboxFolderStatistics', () => tenant.mailboxes.delete(guidOf(2)));
    const { plan } = await upWith(toolsFor(tenant));
    expect(plan.counts).toMatchObject({ lower: 2, vanished: 1, failed: 0 });
  });

  it('counts a mailbox that vanished between read and write', async () => {
    const tenant = three();
    failing(tenant, 2, 'Set-MailboxFolderPermission', () => tenant.mailboxes.delete(guidOf(2)));
    const { result } = await upWith(toolsFor(tenant));
    expect(result.counts).toMatchObject({ raised: 2, vanished: 1, failed: 0 });
  });

  it('finds a calendar whose folder id changed between read and write, and reads it anew', async () => {
    const tenant = three();
    let moved = false;
    failing(tenant, 2, 'Set-MailboxFolderPermission', () => {
      if (moved) return;
      moved = true;
      const calendar = tenant.mailboxes.get(guidOf(2))?.folders[1];
      if (calendar !== undefined) calendar.id = 'moved';
    });
    const { result } = await upWith(toolsFor(tenant));
    expect(result.counts.raised).toBe(3);
    expect(tenant.level(2)).toBe('LimitedDetails');
  });

  it('leaves a calendar without an entry for Default alone: Add is never used', async () => {
    const tenant = three();
    const calendar = tenant.mailboxes.get(guidOf(2))?.folders[1];
    calendar?.entries.shift();
    const { plan } = await upWith(toolsFor(tenant));
    expect(plan.counts).toMatchObject({ lower: 2, incomparable: 1 });
    expect(calendar?.entries.length).toBe(2);
  });

  it('reports a mailbox with no default calendar, and one with two', async () => {
    const tenant = three();
    tenant.mailboxes.get(guidOf(1))?.folders.pop();
    for (const folder of tenant.mailboxes.get(guidOf(2))?.folders ?? []) folder.type = 'Calendar';
    const { plan } = await upWith(toolsFor(tenant));
    expect(plan.counts).toMatchObject({ lower: 1, noCalendar: 2 });
  });

  it('takes the entry of Default in a language that calls it otherwise', async () => {
    const tenant = three();
    tenant.defaultText = 'Standard';
    const { result } = await upWith(toolsFor(tenant));
    expect(result.counts.raised).toBe(3);
  });
});

describe('a wrong folder id in the cache', () => {
  it('heals by itself', async () => {
    const tenant = new Tenant([mailbox(1, ['None']), mailbox(2, ['None'])]);
    const files = temporaryFiles();
    const tools = toolsFor(tenant, { files });
    await planVisibility(tools, ALL, UndoRecord.empty);
    const calendar = tenant.mailboxes.get(guidOf(1))?.folders[1];
    if (calendar !== undefined) calendar.id = 'moved-to-another-server';
    tenant.calls.length = 0;
    const plan = await planVisibility(tools, ALL, UndoRecord.empty);
    expect(plan.counts.lower).toBe(2);
    expect(tenant.count('Get-MailboxFolderStatistics')).toBe(1);
    tenant.calls.length = 0;
    await planVisibility(tools, ALL, UndoRecord.empty);
    expect(tenant.count('Get-MailboxFolderStatistics')).toBe(0);
  });
});

describe('readings that are behind', () => {
  it('are not believed after a write: nothing is read again to see whether it took', async () => {
    const tenant = new Tenant([1, 2, 3].map((number) => mailbox(number, ['None'])));
    tenant.staleReads = 5;
    const { plan, result } = await upWith(toolsFor(tenant));
    expect(result.counts.raised).toBe(3);
    expect(tenant.writes.length).toBe(3);
    const next = await planVisibility(toolsFor(tenant), ALL, plan.record);
    expect([...next.record.entries()]).toEqual([...plan.record.entries()]);
  });

  it('do not make an undo forget a calendar', async () => {
    const tenant = new Tenant([1, 2, 3].map((number) => mailbox(number, ['None'])));
    tenant.staleReads = 1;
    const before = tenant.dump();
    const { plan } = await upWith(toolsFor(tenant));
    const undone = await undoVisibility(toolsFor(tenant), plan.record);
    expect(undone.counts.restored).toBe(3);
    expect(tenant.dump()).toEqual(before);
  });
});

describe('undo', () => {
  it('makes the tenant as it was', async () => {
    const tenant = new Tenant(mixed());
    const before = tenant.dump();
    const { plan } = await upWith(toolsFor(tenant));
    expect(tenant.dump()).not.toEqual(before);
    const undone = await undoVisibility(toolsFor(tenant), UndoRecord.decode(plan.record.encode()));
    expect(undone.counts).toMatchObject({ restored: 12, failed: 0 });
    expect(undone.remaining.size).toBe(0);
    expect(tenant.dump()).toEqual(before);
  });

  it('restores after two levels what was there before the first', async () => {
    const tenant = new Tenant(mixed());
    const before = tenant.dump();
    const first = await upWith(toolsFor(tenant), { ...ALL, level: 'AvailabilityOnly' });
    const plan = await planVisibility(toolsFor(tenant), ALL, first.plan.record);
    // Half of the second run: some calendars still have what the first one set.
    const half = Pending.of(plan.record, [...plan.pending.guids()].slice(0, plan.pending.size / 2));
    await applyVisibility(toolsFor(tenant), ALL, { record: plan.record, pending: half });
    const undone = await undoVisibility(toolsFor(tenant), plan.record);
    expect(undone.counts.changedByOthers).toBe(0);
    expect(tenant.dump()).toEqual(before);
  });

  it('leaves alone what somebody changed since, and says so', async () => {
    const tenant = new Tenant([1, 2, 3].map((number) => mailbox(number, ['None'])));
    const { plan } = await upWith(toolsFor(tenant));
    tenant.setLevel(1, ['Reviewer']);
    tenant.setLevel(2, ['AvailabilityOnly']);
    const outcomes: Outcome[] = [];
    const undone = await undoVisibility(
      toolsFor(tenant, { onOutcome: (outcome) => outcomes.push(outcome) }),
      plan.record,
    );
    expect(undone.counts).toMatchObject({ restored: 1, changedByOthers: 2 });
    expect([1, 2, 3].map((number) => tenant.level(number))).toEqual(['Reviewer', 'AvailabilityOnly', 'None']);
    expect(outcomes.length).toBe(3);
  });

  it('keeps what it could not restore for the next time', async () => {
    const tenant = new Tenant([1, 2].map((number) => mailbox(number, ['None'])));
    const { plan } = await upWith(toolsFor(tenant));
    let isBroken = true;
    tenant.before = ({ cmdlet, parameters }) => {
      if (isBroken && cmdlet.startsWith('Set-') && JSON.stringify(parameters).includes(guidOf(2)))
        refuse(cmdlet, 'SomeException', 'not now');
    };
    const first = await undoVisibility(toolsFor(tenant), plan.record);
    expect([...first.remaining.entries()].map(([guid]) => guid)).toEqual([guidOf(2)]);
    isBroken = false;
    const second = await undoVisibility(toolsFor(tenant), first.remaining);
    expect(second.remaining.size).toBe(0);
    expect(tenant.level(2)).toBe('None');
  });
});

describe('the sweep as a whole', () => {
  it('keeps about as many calls open as the port asks for, while that changes', async () => {
    const tenant = new Tenant(Array.from({ length: 400 }, (_, n) => mailbox(n, ['None'])));
    tenant.concurrency = 1;
    await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    expect(tenant.mostOpen).toBeLessThanOrEqual(1 + 10 + 1);
    tenant.concurrency = 30;
    tenant.mostOpen = 0;
    await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    expect(tenant.mostOpen).toBeGreaterThanOrEqual(30);
    expect(tenant.mostOpen).toBeLessThanOrEqual(30 + 10 + 1);
  });

  it('stops when it is told to, with no call left open and its reason', async () => {
    const tenant = new Tenant(Array.from({ length: 200 }, (_, n) => mailbox(n, ['None'])));
    const plan = await planVisibility(toolsFor(tenant), ALL, UndoRecord.empty);
    const controller = new AbortController();
    const stopped = applyVisibility(
      toolsFor(tenant, {
        signal: controller.signal,
        onOutcome: () => {
          if (tenant.writes.length >= 50) controller.abort(new Error('enough'));
        },
      }),
      ALL,
      plan,
    );
    await expect(stopped).rejects.toThrow('enough');
    expect(tenant.open).toBe(0);
    const writes = tenant.writes.length;
    expect(writes).toBeLessThan(100);
    await new Promise((resolve) => setImmediate(resolve));
    expect(tenant.writes.length).toBe(writes);
  });

  it('ends at once where no other mailbox would fare better', async () => {
    const tenant = new Tenant(Array.from({ length: 200 }, (_, n) => mailbox(n, ['None'])));
    tenant.before = ({ cmdlet }) => {
      if (cmdlet !== 'Get-Mailbox') throw new Error('the sign-in was refused');
    };
    await expect(planVisibility(toolsFor(tenant), ALL, UndoRecord.empty)).rejects.toThrow('sign-in');
    expect(tenant.calls.length).toBeLessThan(40);
    expect(tenant.open).toBe(0);
  });

  it('tells progress up to the last mailbox', async () => {
    const tenant = new Tenant(mixed());
    const seen: { done: number; total: number; listed: boolean }[] = [];
    await planVisibility(
      toolsFor(tenant, { onProgress: ({ done, total, listed }) => seen.push({ done, total, listed }) }),
      ALL,
      UndoRecord.empty,
    );
    expect(seen.map(({ done }) => done)).toEqual(Array.from({ length: 48 }, (_, n) => n + 1));
    expect(seen.at(-1)).toEqual({ done: 48, total: 48, listed: true });
  });

  it('two runs at once change no calendar twice to something else, and lose no former right', async () => {
    const tenant = new Tenant(mixed());
    const before = tenant.dump();
    const files = temporaryFiles();
    const [one, other] = await Promise.all([
      upWith(toolsFor(tenant, { files })),
      upWith(toolsFor(tenant, { files })),
    ]);
    expect(tenant.writes.every(({ after }) => after === 'LimitedDetails')).toBe(true);
    expect(tenant.writes.filter(({ before: was, after }) => was !== after).length).toBe(12);
    await undoVisibility(toolsFor(tenant), one.plan.record.merge(other.plan.record));
    expect(tenant.dump()).toEqual(before);
  });
});
