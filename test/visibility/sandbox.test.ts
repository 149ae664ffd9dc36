/**
 * Whole sweeps over both transports on the emulated Exchange, compared by full dumps: nothing is lowered, nothing is lost, no other entry
 * changes, whatever goes wrong on the way.
 */
import type { VisibilityConfig } from '../../infra/config.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import {
  applyVisibility,
  planVisibility,
  type SweepTools,
  totalOf,
  UndoRecord,
  undoVisibility,
} from '../../infra/exchange/visibility/index.js';
import { describeWithPwsh } from '../support/pwsh.js';
import {
  type Dump,
  defaultRights,
  type ExchangeTenant,
  startExchange,
  withoutDefault,
} from './support/exchange.js';
import { temporaryFiles } from './support/temporary-files.js';

const MAILBOXES = 25;

type Target = Pick<VisibilityConfig, 'level' | 'scope' | 'exclude'>;
const ALL: Target = { level: 'LimitedDetails', scope: { all: true }, exclude: [] };

let exchange: ExchangeTenant;
afterEach(async () => {
  await exchange.dispose();
});

const tools = (more: Partial<SweepTools> = {}): SweepTools => ({
  port: exchange.port,
  files: undefined,
  revisitAfterMs: [10, 1_500],
  ...more,
});

/** Both passes; `between` runs when the baseline is saved and nothing is written yet. */
async function up(target = ALL, more: Partial<SweepTools> = {}, between: () => unknown = () => {}) {
  const plan = await planVisibility(tools(more), target, UndoRecord.empty);
  await between();
  const result = await applyVisibility(tools(more), target, plan);
  return { plan, result };
}

/** Nothing but `Default` of default calendars differs, and that only from None or AvailabilityOnly upwards to the level. */
function expectOnlyRaised(before: Dump, after: Dump, level = 'LimitedDetails'): void {
  expect(withoutDefault(after)).toEqual(withoutDefault(before));
  const [was, is] = [defaultRights(before), defaultRights(after)];
  for (const [address, right] of Object.entries(was))
    if (is[address] !== right)
      expect([['None', 'AvailabilityOnly'].includes(right), is[address]]).toEqual([true, level]);
}

function expectAllRaised(before: Dump, after: Dump): void {
  expectOnlyRaised(before, after);
  const lower = Object.values(defaultRights(after)).filter((right) =>
    /^(None|AvailabilityOnly)$/.test(right),
  );
  expect(lower).toEqual([]);
}

/** One round over either transport: all raised, nothing else changed, undone to the last detail. */
async function wholeRound(transport: CmdletPort['transport']): Promise<void> {
  exchange = await startExchange(transport, MAILBOXES);
  const before = await exchange.dump();
  const { plan, result } = await up();
  const after = await exchange.dump();
  expect(result.counts).toMatchObject({ failed: 0, vanished: 0, noCalendar: 0 });
  expect(result.counts.raised).toBeGreaterThan(MAILBOXES / 4);
  expectAllRaised(before, after);
  const undone = await undoVisibility(tools(), UndoRecord.decode(plan.record.encode()));
  expect(undone.counts.restored).toBe(result.counts.raised);
  expect(await exchange.dump()).toEqual(before);
}

describe('over REST', () => {
  const transport = 'rest';
  it('raises all languages and kinds, leaves the rest, and undoes it to the last detail', () =>
    wholeRound(transport));

  it('finds nothing to do the second time, at one cmdlet a mailbox and no write', async () => {
    exchange = await startExchange(transport, MAILBOXES);
    const files = temporaryFiles();
    const { plan } = await up(ALL, { files });
    const middle = await exchange.dump();
    const start = exchange.port.statistics().cmdlets;
    const again = await planVisibility(tools({ files }), ALL, plan.record);
    await applyVisibility(tools({ files }), ALL, again);
    const mailboxes = Object.keys(middle).length;
    expect(exchange.port.statistics().cmdlets - start).toBe(mailboxes + 1);
    expect(again.counts.lower).toBe(0);
    expect(again.record.encode()).toBe(plan.record.encode());
    expect(await exchange.dump()).toEqual(middle);
  });

  it('leaves excluded mailboxes as they are', async () => {
    exchange = await startExchange(transport, MAILBOXES);
    const before = await exchange.dump();
    const lower = Object.entries(defaultRights(before)).filter(([, right]) => right === 'AvailabilityOnly');
    const exclude = lower
      .slice(0, 3)
      .map(([address]) => ({ address: address.toUpperCase(), reason: 'on purpose' }));
    const { result, plan } = await up({ ...ALL, exclude });
    expect(plan.counts.excluded).toBe(3);
    const after = await exchange.dump();
    expectOnlyRaised(before, after);
    const left = Object.entries(defaultRights(after)).filter(([, right]) =>
      /^(None|AvailabilityOnly)$/.test(right),
    );
    expect(left.map(([address]) => address).sort()).toEqual(
      lower
        .slice(0, 3)
        .map(([address]) => address)
        .sort(),
    );
    expect(result.counts.excluded).toBe(0);
  });

  it.each<[string, Target['scope']]>([
    ['all', { all: true }],
    ['kinds', { recipientTypes: ['UserMailbox', 'SharedMailbox'] }],
    ['a filter', { filter: "UserPrincipalName -like '*@contoso.com'" }],
    ['a group', { group: 'visibility-pilot@contoso.com' }],
  ])(
    'leaves mailboxes with an attribute alone, with one list for all of them: scope %s',
    async (_, scope) => {
      exchange = await startExchange(transport, MAILBOXES, ['defaultRights=AvailabilityOnly']);
      const before = await exchange.dump();
      const exclude = [
        { attribute: 'CustomAttribute7', value: "WORKS council's", reason: 'on purpose' },
        { attribute: 'CustomAttribute15', value: 'nobody', reason: 'typo' },
      ] as const;
      const { plan, result } = await up({ ...ALL, scope, exclude });
      expect(plan.unknownExclusions).toEqual([exclude[1]]);
      const after = await exchange.dump();
      expectOnlyRaised(before, after);
      const marked = Object.values(before).filter(
        ({ customAttributes }) => customAttributes.CustomAttribute7 === "Works council's",
      );
      expect(plan.counts.excluded).toBeGreaterThan(1);
      expect(marked.length).toBeGreaterThanOrEqual(plan.counts.excluded);
      for (const { primarySmtpAddress } of marked)
        expect(defaultRights(after)[primarySmtpAddress]).toBe('AvailabilityOnly');
      // Two lists for a plan and two for an apply, two cmdlets for each visit that reads and three for each that sets.
      const lists = 'group' in scope ? 2 : 1;
      const visits = 2 * (totalOf(plan.counts) - plan.counts.excluded) + 3 * totalOf(result.counts);
      expect(exchange.port.statistics().cmdlets).toBe(lists + 2 + 2 + visits);
    },
  );

  it('changes nothing when mailboxes with an attribute cannot be listed', async () => {
    exchange = await startExchange(transport, MAILBOXES);
    const exclude = [{ attribute: 'CustomAttribute7', value: 'x', reason: 'on purpose' }] as const;
    const plan = await planVisibility(tools(), ALL, UndoRecord.empty);
    const before = await exchange.dump();
    await exchange.control('cmdletRefused=1@Get-Mailbox');
    await expect(applyVisibility(tools(), { ...ALL, exclude }, plan)).rejects.toThrow(
      /no calendar was changed/,
    );
    expect(await exchange.dump()).toEqual(before);
  });

  it('takes only the kinds that are asked for', async () => {
    exchange = await startExchange(transport, MAILBOXES);
    const before = await exchange.dump();
    await up({ ...ALL, scope: { recipientTypes: ['RoomMailbox'] } });
    const after = await exchange.dump();
    const changed = Object.keys(before).filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    );
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((name) => before[name]?.kind === 'RoomMailbox')).toBe(true);
  });

  describe('whatever goes wrong', () => {
    /** Faults that a sweep overcomes by itself: in the end everything is raised. */
    it.each([
      ['a ceiling that nobody names', ['ceiling=4:0.05']],
      ['throttling storms', ['ceiling=10:0.05', 'throttleStorm=6:0.05']],
      ['cmdlets that fail and would work later', ['cmdletError=15']],
      ['answers that are lost after the write took effect', ['cmdletLost=10@Set-MailboxFolderPermission']],
      ['batches of which only half is answered', ['halfBatch=5']],
      ['tokens that expire in the middle', ['expiredToken=2']],
      ['a claims challenge', ['claimsChallenge=1']],
      ['errors inside of a success', ['errorInSuccess=4']],
      ['folder ids that change between question and use', ['folderIdChange=5']],
    ])('%s', async (_, faults) => {
      exchange = await startExchange(transport, MAILBOXES);
      const before = await exchange.dump();
      const { plan } = await up(ALL, {}, () => exchange.control(...faults));
      let after = await exchange.dump();
      // A folder id that changed is no entry that changed.
      const sameIds = (dump: Dump): Dump =>
        Object.fromEntries(
          Object.entries(dump).map(([name, box]) => [
            name,
            { ...box, folders: box.folders.map((folder) => ({ ...folder, id: '' })) },
          ]),
        );
      expectOnlyRaised(sameIds(before), sameIds(after));
      const next = await planVisibility(tools(), ALL, plan.record);
      await applyVisibility(tools(), ALL, next);
      after = await exchange.dump();
      expectAllRaised(sameIds(before), sameIds(after));
      const undone = await undoVisibility(tools(), next.record);
      expect(undone.counts).toMatchObject({ failed: 0, changedByOthers: 0 });
      expect(sameIds(await exchange.dump())).toEqual(sameIds(before));
    });

    it('readings behind by a while: nothing is set twice to something else, undo forgets nothing', async () => {
      exchange = await startExchange(transport, MAILBOXES, ['staleReads=1000']);
      const before = await exchange.dump();
      const { plan, result } = await up();
      expectAllRaised(before, await exchange.dump());
      const undone = await undoVisibility(tools(), plan.record);
      expect(undone.counts.restored).toBe(result.counts.raised);
      expect(await exchange.dump()).toEqual(before);
    });

    it('mailboxes that vanish between list and read: the others are raised', async () => {
      exchange = await startExchange(transport, MAILBOXES);
      const before = await exchange.dump();
      const { result } = await up(ALL, {}, () => exchange.control('vanish=5'));
      const after = await exchange.dump();
      expect(Object.keys(before).length - Object.keys(after).length).toBe(5);
      expect(result.counts).toMatchObject({ vanished: 5, failed: 0 });
      const rest = Object.fromEntries(Object.entries(before).filter(([name]) => name in after));
      expectOnlyRaised(rest, after);
    });

    it('cmdlets that are refused for good: reported one by one, all others raised, done by the next run', async () => {
      exchange = await startExchange(transport, MAILBOXES);
      const before = await exchange.dump();
      const { plan, result } = await up(ALL, {}, () =>
        exchange.control('cmdletRefused=4@Set-MailboxFolderPermission'),
      );
      expect(result.counts.failed).toBe(4);
      expect(result.failures.length).toBe(4);
      for (const { reason } of result.failures) expect(reason).toMatch(/^Set-MailboxFolderPermission: \S/);
      const next = await planVisibility(tools(), ALL, plan.record);
      expect(next.counts.lower).toBe(4);
      await applyVisibility(tools(), ALL, next);
      expectAllRaised(before, await exchange.dump());
    });

    it('links to the next page that lead back: each mailbox once, or no result at all', async () => {
      exchange = await startExchange(transport, 1_100, ['loopingNextLink=3']);
      const before = await exchange.dump();
      const plan = await planVisibility(tools(), ALL, UndoRecord.empty).catch((error: Error) => error);
      if (plan instanceof Error) expect(plan.message).toMatch(/page|link|circles/i);
      else expect(totalOf(plan.counts)).toBe(1_101);
      await exchange.control('loopingNextLink=1000000');
      await expect(planVisibility(tools(), ALL, UndoRecord.empty)).rejects.toThrow(/page|link|circles/i);
      expect(await exchange.dump()).toEqual(before);
    });

    it('two runs at once, each with its own way in', async () => {
      exchange = await startExchange(transport, MAILBOXES);
      const before = await exchange.dump();
      const files = temporaryFiles();
      const [one, other] = await Promise.all([
        up(ALL, { files }),
        up(ALL, { files, port: exchange.openPort() }),
      ]);
      expectAllRaised(before, await exchange.dump());
      await undoVisibility(tools(), one.plan.record.merge(other.plan.record));
      expect(await exchange.dump()).toEqual(before);
    });
  });
});

// Shells take their time to start: few tests, of which one meets all faults at once.
describeWithPwsh('over PowerShell', () => {
  const transport = 'powershell';

  it('raises all languages and kinds, leaves the rest, and undoes it to the last detail', () =>
    wholeRound(transport));

  it('overcomes faults of all sorts in one run', async () => {
    exchange = await startExchange(transport, MAILBOXES);
    const before = await exchange.dump();
    const faults = ['ceiling=4:0.05', 'throttleStorm=4:0.05', 'cmdletError=5', 'errorInSuccess=2'];
    const writes = ['cmdletLost=3@Set-MailboxFolderPermission', 'expiredToken=1'];
    const { plan } = await up(ALL, {}, () => exchange.control(...faults, ...writes));
    const next = await planVisibility(tools(), ALL, plan.record);
    await applyVisibility(tools(), ALL, next);
    expectAllRaised(before, await exchange.dump());
    await undoVisibility(tools(), next.record);
    expect(await exchange.dump()).toEqual(before);
  });
});
