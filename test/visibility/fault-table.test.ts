/**
 * The fault table: the sweep and role mailboxes over both transports, with one thing at a time going wrong in the first run and nothing
 * in the second. What holds for every row is in support/fault-run.ts; what a row expects of the report is in the row.
 */
import { InteropError } from '../../infra/errors.js';
import {
  applyRoleMailboxes,
  type RoleMailboxOutcome,
  undoRoleMailboxes,
} from '../../infra/exchange/role-mailboxes/index.js';
import { CMDLETS, type CmdletName } from '../../infra/exchange/transport/cmdlets.js';
import type { CmdletCall } from '../../infra/exchange/transport/port.js';
import { UndoRecord } from '../../infra/exchange/visibility/index.js';
import { Incomplete } from '../../infra/exchange/work.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { openSandboxDirectory, realWork } from '../support/sandbox-port.js';
import {
  type FaultReport,
  type FaultRun,
  type FaultyTenant,
  lowerOnes,
  runWithFault,
  startFaultyTenant,
  stateOf,
  sweepOnce,
  type Transport,
} from './support/fault-run.js';

const HTTP_REQUESTS = ['InvokeCommand', '$batch'].map((name) => `@POST /adminapi/beta/*/${name}`);
const SET = '@Set-MailboxFolderPermission';
const GET = '@Get-MailboxFolderPermission';

interface FaultRow extends FaultRun {
  readonly name: string;
  /** Why the other transport cannot meet it; absent for both. */
  readonly restOnly?: string;
  /** What the reports say. */
  expects(report: FaultReport): void;
}

/** Overcome within the run: nothing failed, and nothing was left for the second. */
function overcome({ first, second }: FaultReport): void {
  for (const { failure, plan, result } of first) {
    expect(failure).toBeUndefined();
    expect([plan?.counts.failed, result?.counts.failed]).toEqual([0, 0]);
  }
  expect(second.result?.counts.raised).toBe(0);
}

/** So many mailboxes failed, each told with its reason; all others were raised, and those by the second run. */
function reported(failed: number | 'all', reason: RegExp): (report: FaultReport) => void {
  return ({ first: [run], second, between }) => {
    const wanted = failed === 'all' ? run?.plan?.counts.lower : failed;
    expect(run?.plan?.counts.failed).toBe(0);
    expect(run?.result?.counts.failed).toBe(wanted);
    expect(run?.result?.failures.map(({ mailbox }) => mailbox.guid)).toHaveLength(wanted ?? -1);
    for (const failure of run?.result?.failures ?? []) expect(failure.reason).toMatch(reason);
    expect(lowerOnes(between)).toHaveLength(wanted ?? -1);
    expect(second.result?.counts.raised).toBe(wanted);
  };
}

const TABLE: readonly FaultRow[] = [
  {
    name: 'throttling storms under a ceiling that nobody names',
    reading: ['ceiling=4:0.05', 'throttleStorm=6:0.05'],
    writing: ['ceiling=4:0.05', 'throttleStorm=6:0.05'],
    expects: overcome,
  },
  {
    name: '5xx, before and after a write took effect',
    reading: ['gatewayError=1'],
    writing: ['gatewayTimeout=2', ...HTTP_REQUESTS.map((target) => `serverError=1${target}`)],
    expects: overcome,
  },
  {
    name: '5xx for longer than anybody waits',
    writing: ['gatewayError=1000000'],
    expects: reported('all', /^(Get|Set)-MailboxFolderPermission: .*\b502\b/),
  },
  {
    name: 'answers that never come, of a read and of a write that took effect',
    isHasty: true,
    writing: [`cmdletHang=1${GET}`, `cmdletUnanswered=1${SET}`],
    expects: overcome,
  },
  {
    name: 'connections that break, before and after a write took effect',
    writing: [`dropBefore=1${HTTP_REQUESTS[0]}`, ...HTTP_REQUESTS.map((target) => `dropAfter=1${target}`)],
    expects: overcome,
  },
  {
    name: 'batches of which half is run, and batches of which half is answered',
    restOnly: 'the module sends no batches for single cmdlets',
    reading: ['halfBatch=2', 'halfAnswer=2'],
    writing: ['halfBatch=2', 'halfAnswer=2'],
    expects: overcome,
  },
  {
    name: 'tokens that expire in the middle, are refused, or lack a claim',
    reading: ['expiredToken=1'],
    writing: ['claimsChallenge=1'],
    between: ({ sandbox }) => sandbox.control({ clock: { advanceMs: 2 * 3_600_000 } }),
    expects: overcome,
  },
  {
    name: 'readings that are stale through two runs, with lost answers to writes',
    writing: ['staleReads=600000', `cmdletLost=3${SET}`],
    first: async (tools, { sandbox }, between) => {
      const one = await sweepOnce(tools, UndoRecord.empty, between);
      const stale = await sweepOnce(tools, one.plan?.record ?? UndoRecord.empty);
      await sandbox.control({ clock: { advanceMs: 600_001 } });
      return [one, stale];
    },
    mayTellTwice: true,
    expects: (report) => {
      overcome(report);
      const [one, stale] = report.first;
      // What the second one took for lower was raised already; the former rights are those of before the first.
      expect(stale?.plan?.counts.lower).toBe(one?.plan?.counts.lower);
      expect(stale?.plan?.record.encode()).toBe(one?.plan?.record.encode());
    },
  },
  {
    name: 'a link to the next page that loops',
    reading: ['pageSize=5', 'loopingNextLink=1000000'],
    expects: ({ first: [run], second, before, between }) => {
      // Over PowerShell it is the module that follows links.
      expect(run?.failure?.message).toMatch(/came twice|leads back/);
      expect(between).toEqual(before);
      expect(second.result?.counts.raised).toBe(lowerOnes(before).length);
    },
  },
  {
    name: 'one display name for everybody',
    prepare: async ({ sandbox }) => {
      const { body } = await sandbox.graph('GET', '/users?$select=id&$top=999');
      for (const { id } of body.value as { id: string }[])
        await sandbox.graph('PATCH', `/users/${id}`, { body: { displayName: 'Default' } });
    },
    expects: (report) => {
      const names = Object.values(report.before.mailboxes).flatMap(({ folders }) =>
        folders.flatMap(({ entries }) => Object.keys(entries)),
      );
      expect(names.length).toBeGreaterThan(50);
      overcome(report);
    },
  },
  {
    name: 'cmdlets that fail for a moment, fail inside of a success, or whose answer is lost',
    reading: [`cmdletError=2${GET}`, `errorInSuccess=2${GET}`],
    writing: [`cmdletError=2${GET}`, `errorInSuccess=1${SET}`, `cmdletLost=2${SET}`],
    expects: overcome,
  },
  {
    name: 'writes that are refused for good',
    writing: [`cmdletRefused=3${SET}`],
    expects: reported(3, /^Set-MailboxFolderPermission: \S.*refused by a fault/),
  },
  {
    name: 'writes that no role allows for a while',
    writing: [`nulBytes403=2${SET}`],
    expects: reported(2, /^Set-MailboxFolderPermission: .*(not allowed|Access is denied)/),
  },
  {
    name: 'two runs at once, each with its own way in',
    first: async (tools, tenant, between) => {
      const others = { ...tools, port: tenant.second() };
      const runs = [tools, others].map((own) => sweepOnce(own, UndoRecord.empty));
      await between();
      return await Promise.all(runs);
    },
    mayTellTwice: true,
    expects: overcome,
  },
  {
    name: 'folder ids that change between list and read, and between read and write',
    others: { changesFolderIds: true },
    reading: [`folderIdChange=2${GET}`],
    writing: [`folderIdChange=1${GET}`, `folderIdChange=1${SET}`],
    expects: overcome,
  },
  {
    name: 'calendars that are renamed between list and read, and between read and write',
    others: { renamesCalendars: true },
    reading: ['calendarRename=2@Get-MailboxFolderStatistics', `calendarRename=2${GET}`],
    writing: [`calendarRename=2${GET}`, `calendarRename=1${SET}`],
    expects: (report) => {
      overcome(report);
      const renamed = ({ mailboxes }: FaultReport['before']) =>
        Object.values(mailboxes).flatMap(({ folders }) =>
          folders.filter(({ path }) => path.includes(' (2)')),
        );
      expect(renamed(report.before)).toEqual([]);
      expect(renamed(report.between).length).toBeGreaterThan(3);
    },
  },
  {
    name: 'mailboxes that vanish between list and read, and between read and write',
    others: { vanishes: 4 },
    reading: ['vanish=1@Get-MailboxFolderStatistics', `vanish=1${GET}`],
    writing: [`vanish=2${SET}`],
    expects: (report) => {
      overcome(report);
      const [run] = report.first;
      expect([run?.plan?.counts.vanished, run?.result?.counts.vanished]).toEqual([2, 2]);
      const told = run?.outcomes.filter(({ result }) => result === 'vanished') ?? [];
      for (const { reason } of told) expect(reason).toMatch(/couldn't be found/);
    },
  },
];

function table(transport: Transport): void {
  let shared: FaultyTenant;
  beforeAll(async () => {
    shared = await startFaultyTenant(transport, 24);
  });
  afterEach(() => shared.sandbox.control({ clearFaults: true }));
  afterAll(() => shared.dispose());

  const rows = TABLE.filter(({ restOnly }) => transport === 'rest' || restOnly === undefined);
  it.each(rows.map((row) => [titleOf(row), row] as const))('%s', async (_, row) => {
    row.expects(await runWithFault(shared, row));
  });

  it('a licence that is not free: told with the counts, and nothing is made', () => noFreeLicence(shared));
  it('a licence that never comes to effect: told in time, gone on with later, nothing made twice', () =>
    lateLicence(shared));
  it('identities that are null, empty or blank: refused before anything is sent', () =>
    missingIdentities(shared));
}

function titleOf({ name, restOnly }: FaultRow): string {
  return restOnly === undefined ? name : `${name} (REST only: ${restOnly})`;
}

const WISH = {
  address: 'calendar@contoso.com',
  displayName: 'Calendar Interop',
  sku: 'EXCHANGESTANDARD',
  count: 2,
  passwordNeverExpires: true,
  blockSignIn: true,
  hidden: true,
  owner: 'calendar-interop:calendar-interop/dev',
};

function makeRoleMailboxes(tenant: FaultyTenant, more: object = {}): Promise<RoleMailboxOutcome> {
  return applyRoleMailboxes(realWork(tenant.port), openSandboxDirectory(tenant.sandbox), WISH, {
    patienceMs: 50,
    ...more,
  });
}

async function noFreeLicence(tenant: FaultyTenant): Promise<void> {
  const before = await stateOf(tenant);
  await tenant.sandbox.control({ faults: ['freeLicences=1'] });
  await expect(makeRoleMailboxes(tenant)).rejects.toThrow('EXCHANGESTANDARD: 2 needed, 1 free');
  expect(await stateOf(tenant)).toEqual(before);
}

/** Over PowerShell New-Mailbox brings the mailbox at once; the licence only keeps it. */
async function lateLicence(tenant: FaultyTenant): Promise<void> {
  const before = await stateOf(tenant);
  const { control } = tenant.sandbox;
  await control({ faults: ['licenceDelay=3600000'] });
  const first = await makeRoleMailboxes(tenant).catch((error: unknown) => error);
  let former = first as RoleMailboxOutcome;
  if (tenant.transport === 'rest') {
    expect(first).toBeInstanceOf(Incomplete);
    const { cause, outcome } = first as Incomplete<RoleMailboxOutcome>;
    expect(cause).toMatchObject({ kind: 'timeout' });
    expect(String(cause)).toMatch(/calendar@contoso\.com: has the licence EXCHANGESTANDARD, but no mailbox/);
    expect(String(cause)).toMatch(/calendar2@contoso\.com/);
    former = outcome;
  }
  await control({ clock: { advanceMs: 3_600_001 } });
  const second = await makeRoleMailboxes(tenant, { former });
  expect(second.mailboxes.map(({ objectId }) => objectId)).toEqual(
    former.mailboxes.map(({ objectId }) => objectId),
  );
  const made = await stateOf(tenant);
  expect(Object.keys(made.mailboxes)).toHaveLength(Object.keys(before.mailboxes).length + 2);
  await undoRoleMailboxes(realWork(tenant.port), openSandboxDirectory(tenant.sandbox), second);
  const after = await stateOf(tenant);
  const ours = new Set(second.mailboxes.map(({ objectId }) => objectId));
  const deletedItems = after.rest.deletedItems.filter(({ id }) => !ours.has(id));
  expect({ ...after, rest: { ...after.rest, deletedItems } }).toEqual(before);
}

/** A Get- cmdlet without identity answers with everything: what is done next would be done to everybody. */
async function missingIdentities({ port, sandbox }: FaultyTenant): Promise<void> {
  const requests = async () =>
    (
      await sandbox.request<{ requests: number }>('/sandbox/exchange-statistics', {
        headers: { 'x-sandbox': '1' },
      })
    ).body.requests;
  await port.run({ cmdlet: 'Get-AcceptedDomain', parameters: {} });
  const before = await requests();
  const withIdentity = (Object.keys(CMDLETS) as CmdletName[]).filter(
    (name) => CMDLETS[name].parameters.safeParse({ ...EXAMPLE[name], Identity: 'x' }).success,
  );
  expect(withIdentity.length).toBeGreaterThan(15);
  for (const cmdlet of withIdentity)
    for (const Identity of [null, undefined, '', ' ', '\t\r\n', '\u00a0', '\0', '\ud800', [], {}, 0]) {
      const parameters = { ...EXAMPLE[cmdlet], Identity };
      const error = await port
        .run({ cmdlet, parameters } as unknown as CmdletCall)
        .catch((reason: unknown) => reason);
      expect([cmdlet, Identity, error]).toEqual([cmdlet, Identity, expect.any(InteropError)]);
    }
  expect(await requests()).toBe(before);
}

/** What cmdlets want beside an identity. */
const EXAMPLE: Partial<Record<CmdletName, object>> = {
  'Get-MailboxFolderStatistics': { FolderScope: 'Calendar' },
  'Set-MailboxFolderPermission': { User: 'Default', AccessRights: ['None'] },
  'Set-Mailbox': { HiddenFromAddressListsEnabled: true },
  'Remove-Mailbox': { Confirm: false },
  'Set-CASMailbox': { EwsEnabled: null },
  'Remove-ServicePrincipal': { Confirm: false },
  'Set-ManagementScope': { RecipientRestrictionFilter: "Alias -eq 'x'" },
  'Remove-ManagementScope': { Confirm: false },
  'Remove-ManagementRoleAssignment': { Confirm: false },
};

describe('over REST', () => table('rest'));
describeWithPwsh('over PowerShell', () => table('powershell'));
