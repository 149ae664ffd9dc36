/** CalendarBaseline and CalendarVisibility, over the wire and against the sandbox, compared by full dumps. */
import { rm } from 'node:fs/promises';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { UNSEEN_CALENDARS } from '../../infra/exchange/unseen-calendars.js';
import { UndoRecord } from '../../infra/exchange/visibility/index.js';
import { UNKNOWN } from '../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { defaultRights } from '../visibility/support/exchange.js';
import {
  dump,
  environmentOf,
  type Json,
  Life,
  type RunningProvider,
  startProvider,
} from './support/provider.js';

let tenant: TestSandbox;
let port: CmdletPort;
let provider: RunningProvider;
let baseline: Life;
let calendars: Life;

beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 30 });
  port = openSandboxPort(tenant);
  await run();
});

afterEach(async () => {
  await provider.stop();
  await port.close();
  await tenant.dispose();
});

/** Starts a provider for resources that are not there yet, or with the state of a run before. */
async function run(former: readonly Life[] = []): Promise<void> {
  provider = await startProvider(tenant);
  baseline = new Life(provider.client, 'exchange:index:CalendarBaseline', 'baseline');
  calendars = new Life(provider.client, 'exchange:index:CalendarVisibility');
  for (const [index, life] of [baseline, calendars].entries()) {
    const { id = '', inputs: given = {}, state = {} } = former[index] ?? {};
    Object.assign(life, { id, inputs: given, state });
  }
}

/** Another run, with the state of this one. */
async function restart(): Promise<void> {
  await provider.stop();
  await run([baseline, calendars]);
}

const inputs = (more: object = {}) => ({
  level: 'LimitedDetails',
  scope: { all: true },
  exclude: [],
  inlineLimit: 500,
  ...more,
});

/** Both, as the engine runs them: one after the other. */
async function up(wanted: Json = inputs()): Promise<void> {
  await (baseline.id === '' ? baseline.create(wanted) : baseline.update(wanted));
  await raise(wanted);
}

async function raise(wanted: Json = inputs()): Promise<void> {
  const news = { ...wanted, baseline: facts() };
  await (calendars.id === '' ? calendars.create(news) : calendars.update(news));
}

function facts(): Json {
  const { record, pending } = baseline.state;
  return pending === undefined ? { record } : { record, pending };
}

async function destroy(): Promise<void> {
  if (calendars.id !== '') await calendars.remove();
  await baseline.remove();
}

async function rights(): Promise<Readonly<Record<string, string>>> {
  return defaultRights((await tenant.state()).exchange.mailboxes);
}

const isLow = (right: string) => /^(None|AvailabilityOnly)$/.test(right);

async function low(): Promise<string[]> {
  return Object.entries(await rights())
    .filter(([, right]) => isLow(right))
    .map(([address]) => address)
    .sort();
}

async function setRight(address: string, right: 'None' | 'AvailabilityOnly'): Promise<void> {
  const { rows } = await port.run({
    cmdlet: 'Get-MailboxFolderStatistics',
    parameters: { Identity: address, FolderScope: 'Calendar' },
    anchor: address,
  });
  const id = rows.find(({ FolderType }) => FolderType === 'Calendar')?.FolderId ?? '';
  await port.run({
    cmdlet: 'Set-MailboxFolderPermission',
    parameters: { Identity: `${address}:${id}`, User: 'Default', AccessRights: [right] },
    anchor: address,
  });
}

it('previews with counts, and writes nothing', async () => {
  const before = await dump(tenant);
  const count = (await low()).length;
  const [first = ''] = await low();
  const wanted = inputs({ exclude: [{ address: first, reason: 'on purpose' }] });
  expect(await baseline.preview(wanted)).toMatchObject({ record: UNKNOWN, pending: UNKNOWN });
  await calendars.preview({ ...wanted, baseline: { record: UNKNOWN, pending: UNKNOWN } });
  const said = (await provider.messages()).filter((line) => /calendars would change/.test(line));
  expect(said).toEqual([
    expect.stringMatching(
      new RegExp(`^info: ${count - 1} of \\d+ calendars would change, 1 is stricter on purpose`),
    ),
  ]);
  expect(await dump(tenant)).toEqual(before);
});

it('leads a whole life: raised, unchanged, drifted, mended, undone', async () => {
  const before = await dump(tenant);
  const raised = await low();
  await up();
  expect(calendars.state).toMatchObject({ violations: 0, counts: { raised: raised.length, failed: 0 } });
  expect(await low()).toEqual([]);
  expect(UndoRecord.decode(baseline.state.record).size).toBe(raised.length);
  expect(baseline.state.record.length).toBeLessThanOrEqual(24 * raised.length + 16);

  for (const life of [baseline, calendars]) await life.refresh();
  expect(await baseline.differences(inputs())).toEqual({});
  expect(await calendars.differences({ ...inputs(), baseline: facts() })).toEqual({});

  const [address = ''] = raised;
  await setRight(address, 'None');
  const record = baseline.state.record;
  await restart();
  for (const life of [baseline, calendars]) await life.refresh();
  expect(baseline.state.record).toBe(record);
  expect([baseline.inputs.violations, calendars.inputs.violations]).toEqual([1, 1]);
  expect(await baseline.differences(inputs())).toEqual({ violations: 'UPDATE' });
  expect(await calendars.differences({ ...inputs(), baseline: facts() })).toEqual({ violations: 'UPDATE' });
  await up();
  expect(calendars.state.counts).toMatchObject({ raised: 1, failed: 0 });
  expect(await low()).toEqual([]);

  await destroy();
  expect(await dump(tenant)).toEqual(before);
  expect((await provider.messages()).join('\n')).toMatch(
    new RegExp(`info: ${raised.length} calendars restored`),
  );
});

it('reads each calendar once in a refresh of both', async () => {
  await up();
  const mailboxes = Object.keys((await tenant.state()).exchange.mailboxes).length;
  await restart();
  const before = await permissionsRead();
  for (const life of [baseline, calendars]) await life.refresh();
  expect((await permissionsRead()) - before).toBe(mailboxes);
});

it('reads each calendar once in a preview, however the parts of an exclusion are ordered', async () => {
  const mailboxes = Object.keys((await tenant.state()).exchange.mailboxes).length;
  const wanted = inputs({
    exclude: [{ reason: 'by contract', value: 'board', attribute: 'CustomAttribute7' }],
  });
  await up(wanted);
  const [address = ''] = Object.keys(await rights());
  await setRight(address, 'None');
  await restart();
  const before = await permissionsRead();
  for (const life of [baseline, calendars]) await life.refresh();
  expect(await baseline.differences(wanted)).toEqual({ violations: 'UPDATE' });
  await calendars.preview({ ...wanted, baseline: { record: UNKNOWN, pending: UNKNOWN } });
  expect((await permissionsRead()) - before).toBe(mailboxes);
});

async function permissionsRead(): Promise<number> {
  const { body } = await tenant.request<Json>('/sandbox/exchange-statistics', {
    headers: { 'x-sandbox': '1' },
  });
  return body.cmdlets['Get-MailboxFolderPermission'] ?? 0;
}

it('finds in an ordinary run what has come to show too little, of a program that stays the same', async () => {
  await up();
  const mailboxes = Object.keys((await tenant.state()).exchange.mailboxes).length;
  await restart();
  const reads = await permissionsRead();
  expect(await baseline.differences(inputs())).toEqual({});
  expect(await calendars.differences({ ...inputs(), baseline: facts() })).toEqual({});
  expect((await permissionsRead()) - reads).toBe(mailboxes);
  expect((await provider.messages()).join()).toMatch(/0 of \d+ calendars would change/);

  const [address = ''] = Object.keys(await rights());
  await setRight(address, 'None');
  await restart();
  const unlooked = { ...inputs(), skipLook: true };
  const readsBefore = await permissionsRead();
  expect(await baseline.differences(unlooked)).toEqual({});
  expect(await calendars.differences({ ...unlooked, baseline: facts() })).toEqual({});
  expect(await permissionsRead()).toBe(readsBefore);
  expect(await baseline.differences(inputs())).toEqual({ violations: 'UPDATE' });
  expect(await low()).toEqual([address]);
  await up();
  expect(calendars.state.counts).toMatchObject({ raised: 1, failed: 0 });
  expect(await low()).toEqual([]);

  // The same one again: the new baseline says what the former one said, and yet there is something to do.
  await setRight(address, 'None');
  await restart();
  await baseline.update(inputs());
  expect(facts()).toEqual(calendars.inputs.baseline);
  expect(await calendars.differences({ ...inputs(), baseline: facts() })).toEqual({ violations: 'UPDATE' });
  await raise();
  expect(await low()).toEqual([]);
});

const roleMailbox = (more: object = {}) => ({
  address: 'calendar@contoso.com',
  displayName: 'Calendar Interop',
  sku: 'EXCHANGESTANDARD',
  count: 1,
  passwordNeverExpires: false,
  blockSignIn: false,
  hidden: false,
  owner: 'calendar-interop:calendar-interop/dev',
  ...more,
});

it('tells in a preview of mailboxes that the run makes first, whose calendars it raises', async () => {
  await up();
  await restart();
  const made = new Life(provider.client, 'exchange:index:RoleMailbox', 'made');
  await made.preview(roleMailbox());
  expect(await baseline.differences(inputs())).toEqual({ violations: 'UPDATE' });
  const news = { ...inputs(), baseline: { record: UNKNOWN, pending: UNKNOWN } };
  await calendars.preview(news);
  expect((await provider.messages()).join()).toContain('are raised, too: calendar@contoso.com');
});

it('says in a preview where it cannot know whether they are in scope', async () => {
  const wanted = inputs({ scope: { filter: "CustomAttribute1 -eq 'sales'" } });
  await up(wanted);
  await restart();
  await new Life(provider.client, 'exchange:index:RoleMailbox', 'made').preview(roleMailbox());
  expect(await baseline.differences(wanted)).toEqual({});
  expect(await calendars.differences({ ...wanted, baseline: facts() })).toEqual({});
  expect((await provider.messages()).join()).toContain('turn out to be in scope: calendar@contoso.com');
});

it.each([
  ['of another kind than those in scope', { scope: { recipientTypes: ['SharedMailbox'] } }],
  ['shown as it should be from the beginning', { level: 'AvailabilityOnly' }],
  ['excluded', { exclude: [{ address: 'Calendar@contoso.com', reason: 'asked' }] }],
])('tells of no change for a mailbox that the run makes where it is %s', async (_, wish) => {
  const wanted = inputs(wish);
  await up(wanted);
  await restart();
  await new Life(provider.client, 'exchange:index:RoleMailbox', 'made').preview(roleMailbox());
  expect(await baseline.differences(wanted)).toEqual({});
});

it('raises the calendar of a mailbox that is made in the same run, also after a refresh', async () => {
  await up();
  await restart();
  for (const life of [baseline, calendars]) await life.refresh();
  const made = new Life(provider.client, 'exchange:index:RoleMailbox', 'made');
  await made.create(roleMailbox());
  expect(await baseline.differences(inputs())).toEqual({ violations: 'UPDATE' });
  await up();
  expect(calendars.state.counts).toMatchObject({ raised: 1, failed: 0 });
  expect(await low()).toEqual([]);
});

it('finds drift where the state is that of a run that did not look', async () => {
  await up();
  const [address = ''] = Object.keys(await rights());
  await setRight(address, 'None');
  await restart();
  await up();
  await setRight(address, 'None');
  await restart();
  for (const life of [baseline, calendars]) await life.refresh();
  const unlooked = { ...inputs(), skipLook: true };
  expect(await baseline.differences(unlooked)).toEqual({ violations: 'UPDATE' });
  expect(await calendars.differences({ ...unlooked, baseline: facts() })).toEqual({ violations: 'UPDATE' });
  expect((await provider.messages()).join()).not.toContain('not looked at');
  // The same one as in the run before: the new baseline says what the former one said.
  await baseline.update(unlooked);
  expect(facts()).toEqual(calendars.inputs.baseline);
  expect(await calendars.differences({ ...unlooked, baseline: facts() })).toEqual({ violations: 'UPDATE' });
  await calendars.update({ ...unlooked, baseline: facts() });
  expect(await low()).toEqual([]);
});

it('says of a refresh above the limit that nobody has looked', async () => {
  await up();
  await restart();
  const small = inputs({ inlineLimit: 5 });
  await up(small);
  await restart();
  for (const life of [baseline, calendars]) await life.refresh();
  const said = (await provider.messages()).filter((line) => line.includes(UNSEEN_CALENDARS));
  expect(said).toEqual([expect.stringMatching(/^warning: more than 5 mailboxes .*; the last sweep, \d{4}-/)]);
  expect(await calendars.differences({ ...small, baseline: facts() })).toEqual({});
  expect((await provider.messages()).join()).toMatch(/visibility apply`; the last sweep, \d{4}-/);
});

it('leaves a calendar alone that somebody changed since', async () => {
  await up();
  const [[guid] = ['']] = [...UndoRecord.decode(baseline.state.record).entries()];
  const mailboxes: Json[] = Object.values((await tenant.state()).exchange.mailboxes);
  const chosen = mailboxes.find((box) => box.guid.toLowerCase() === guid).primarySmtpAddress;
  const former = UndoRecord.decode(baseline.state.record).find(guid)?.former;
  await setRight(chosen, former === 'None' ? 'AvailabilityOnly' : 'None');
  const changed = (await rights())[chosen];
  await destroy();
  expect((await rights())[chosen]).toBe(changed);
  expect((await provider.messages()).join('\n')).toMatch(/1 left alone: changed by somebody else since/);
});

it('restores everything after a run that was killed, with its files lost', async () => {
  const before = await dump(tenant);
  await baseline.create(inputs());
  // Cut off in the middle: the engine saved the baseline and nothing of the second resource.
  await tenant.control({ faults: ['cmdletHang=8@Set-MailboxFolderPermission'] });
  const running = raise().catch((error: Error) => error);
  while (!(await someRaised(before))) await new Promise((resolve) => setTimeout(resolve, 50));
  await provider.stop();
  expect(await running).toBeInstanceOf(Error);
  expect(await dump(tenant)).not.toEqual(before);
  await forgetFiles();
  await run([baseline]);
  await raise();
  expect(await low()).toEqual([]);
  await destroy();
  expect(await dump(tenant)).toEqual(before);
});

it('restores everything by a destroy right after a run that was killed', async () => {
  const before = await dump(tenant);
  await baseline.create(inputs());
  await raise();
  await forgetFiles();
  await provider.stop();
  await run([baseline]);
  await destroy();
  expect(await dump(tenant)).toEqual(before);
});

async function someRaised(before: Json): Promise<boolean> {
  return JSON.stringify((await dump(tenant)).exchange) !== JSON.stringify(before.exchange);
}

async function forgetFiles(): Promise<void> {
  const { XDG_CACHE_HOME, XDG_STATE_HOME } = environmentOf(tenant);
  for (const folder of [XDG_CACHE_HOME, XDG_STATE_HOME])
    await rm(String(folder), { recursive: true, force: true });
}

it('reports mailboxes that fail, and tries them again with the next run', async () => {
  const before = await dump(tenant);
  await baseline.create(inputs());
  await tenant.control({ faults: ['cmdletRefused=1@Set-MailboxFolderPermission'] });
  await raise();
  expect(calendars.state).toMatchObject({ violations: 1, counts: { failed: 1 } });
  expect(calendars.state.failures).toEqual([
    { mailbox: expect.stringMatching(/./), reason: expect.any(String) },
  ]);
  const skipping = { ...inputs(), skipLook: true, baseline: facts() };
  await provider.messages();
  expect(await calendars.differences(skipping)).toEqual({});
  expect((await provider.messages()).join()).toContain('calendars are not looked at by this run');
  expect(await calendars.differences({ ...inputs(), baseline: facts() })).toEqual({ violations: 'UPDATE' });
  await raise();
  expect(calendars.state).toMatchObject({ violations: 0, failures: [] });
  expect(await low()).toEqual([]);
  await destroy();
  expect(await dump(tenant)).toEqual(before);
});

it('hands a large tenant over, and sweeps it when it is asked to', async () => {
  const before = await dump(tenant);
  const small = inputs({ inlineLimit: 5 });
  await calendars.preview({ ...small, baseline: { record: UNKNOWN, pending: UNKNOWN } });
  expect(await provider.messages()).toEqual([
    expect.stringMatching(/more than 5 mailboxes .*visibility apply`; none was made so far/),
  ]);
  await up(small);
  expect(await dump(tenant)).toEqual(before);
  expect(calendars.state.counts).toBeUndefined();

  const asked = { ...small, sweep: '2030-01-01T00:00:00Z' };
  expect(await baseline.differences(asked)).toEqual({ sweep: 'ADD' });
  await calendars.preview({ ...asked, baseline: facts() });
  expect((await provider.messages()).join()).toMatch(/the run reads all of their calendars before it writes/);
  await up(asked);
  expect(await low()).toEqual([]);
  // An ordinary run afterwards finds nothing to do, and a preview tells of the last sweep.
  expect(await baseline.differences(small)).toEqual({});
  expect(await calendars.differences({ ...small, baseline: facts() })).toEqual({});
  await restart();
  await provider.messages();
  await calendars.preview({ ...small, baseline: facts() });
  expect((await provider.messages()).join()).toMatch(/the last sweep, \d{4}-.*calendars raised/);
  await destroy();
  expect(await dump(tenant)).toEqual(before);
});

it('shows progress while it works', async () => {
  await tenant.control({ faults: ['cmdletLatency=400'] });
  await baseline.create(inputs());
  expect(await provider.messages('status')).toEqual(
    expect.arrayContaining([expect.stringMatching(/reading calendars: \d+\/\d+\+?/)]),
  );
});

it('changes nothing when the saved former rights are damaged', async () => {
  const before = await dump(tenant);
  await baseline.create(inputs());
  const broken = { ...facts(), record: `${facts().record.slice(0, -6)}AAAAA=` };
  await expect(calendars.create({ ...inputs(), baseline: broken })).rejects.toThrow(
    /former rights cannot be used, so nothing was changed/,
  );
  expect(await dump(tenant)).toEqual(before);
});

it('refuses a scope that says nothing or too much', async () => {
  for (const scope of [{}, { all: true, group: 'a@contoso.com' }])
    await expect(baseline.check(inputs({ scope }))).rejects.toThrow(/scope must be exactly one of/);
  await expect(baseline.check(inputs({ levels: 1 }))).rejects.toThrow(
    /levels is unknown; did you mean level/,
  );
});
