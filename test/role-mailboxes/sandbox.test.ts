/** Role mailboxes in the sandbox: Graph for users and licences, both transports for the mailboxes. */
import { InteropError } from '../../infra/errors.js';
import {
  applyRoleMailboxes,
  type RoleMailboxOutcome,
  type RoleMailboxWish,
  undoRoleMailboxes,
} from '../../infra/exchange/role-mailboxes/index.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { Incomplete } from '../../infra/exchange/work.js';
import { failureOf } from '../support/memory-port.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxDirectory, openSandboxPort, realWork } from '../support/sandbox-port.js';

const ADDRESS = 'calendar@contoso.com';
const wish = (more: Partial<RoleMailboxWish> = {}): RoleMailboxWish => ({
  address: ADDRESS,
  displayName: 'Calendar Interop',
  sku: 'EXCHANGESTANDARD',
  count: 2,
  passwordNeverExpires: true,
  blockSignIn: true,
  hidden: true,
  owner: 'calendar-interop:calendar-interop/dev',
  ...more,
});

/** What people see of the role mailboxes in the end, whatever made them. */
async function endState(tenant: TestSandbox, port: CmdletPort, outcome: RoleMailboxOutcome) {
  const states: object[] = [];
  for (const { address, objectId } of outcome.mailboxes) {
    const fields = 'accountEnabled,passwordPolicies,usageLocation,mailNickname,displayName,userPrincipalName';
    const user = await tenant.graph('GET', `/users/${objectId}?$select=${fields},assignedLicenses`);
    const { '@odata.context': _, ...properties } = user.body;
    const { rows } = await port.run({
      cmdlet: 'Get-Mailbox',
      parameters: { Identity: address },
      anchor: address,
    });
    states.push({
      ...properties,
      rows: rows.map(({ Guid: _guid, ExternalDirectoryObjectId: _id, ...row }) => row),
    });
  }
  return states;
}

let tenant: TestSandbox;
let port: CmdletPort;
beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 20 });
});
afterEach(async () => {
  await port.close();
  await tenant.dispose();
});

async function apply(more: Partial<RoleMailboxWish> = {}, options = {}): Promise<RoleMailboxOutcome> {
  return await applyRoleMailboxes(realWork(port), openSandboxDirectory(tenant), wish(more), options);
}

async function live(): Promise<readonly string[]> {
  const { rows } = await port.run({ cmdlet: 'Get-Mailbox', parameters: { ResultSize: 'Unlimited' } });
  return rows.map(({ PrimarySmtpAddress }) => PrimarySmtpAddress).sort();
}

const EXPECTED = [
  [ADDRESS, 'Calendar Interop'],
  ['calendar2@contoso.com', 'Calendar Interop 2'],
].map(([address, displayName]) => ({
  accountEnabled: false,
  passwordPolicies: 'DisablePasswordExpiration',
  usageLocation: 'DE',
  displayName,
  userPrincipalName: address,
  mailNickname: expect.stringMatching(/-ci-[0-9a-f]{10}$/),
  assignedLicenses: [{ skuId: '4b9405b0-7788-4568-add1-99614e613b69', disabledPlans: [] }],
  rows: [
    {
      PrimarySmtpAddress: address,
      UserPrincipalName: address,
      DisplayName: displayName,
      RecipientTypeDetails: 'UserMailbox',
      HiddenFromAddressListsEnabled: true,
    },
  ],
}));

describe('over REST', () => {
  beforeEach(() => {
    port = openSandboxPort(tenant);
  });

  it('makes them, waits for late mailboxes, and deletes them', async () => {
    const before = await live();
    await tenant.control({ faults: ['licenceDelay=1500'] });
    const outcome = await apply();
    expect(await endState(tenant, port, outcome)).toEqual(EXPECTED);
    expect(await apply({}, { former: outcome })).toEqual(outcome);
    await undoRoleMailboxes(realWork(port), openSandboxDirectory(tenant), outcome);
    expect(await live()).toEqual(before);
  });

  it('adopts one that is there, and gives it back as it was', async () => {
    const [address = ''] = (
      await port.run({
        cmdlet: 'Get-Mailbox',
        parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
      })
    ).rows.map(({ PrimarySmtpAddress }) => PrimarySmtpAddress);
    const before = await tenant.state();
    const outcome = await apply({ address, count: 1 });
    expect(outcome.mailboxes[0]).toMatchObject({ origin: 'adopted', licence: null });
    expect((await endState(tenant, port, outcome))[0]).toMatchObject({ accountEnabled: false });
    await undoRoleMailboxes(realWork(port), openSandboxDirectory(tenant), outcome);
    const after = await tenant.state();
    expect(after.exchange.mailboxes).toEqual(before.exchange.mailboxes);
  });

  it('names the licence and its counts when none is free', async () => {
    await tenant.control({ faults: ['freeLicences=1'] });
    const failure = await failureOf(apply());
    expect(failure).toBeInstanceOf(InteropError);
    expect(String(failure)).toContain('EXCHANGESTANDARD: 2 needed, 1 free');
  });

  it('keeps what it made when the mailbox does not come', async () => {
    await tenant.control({ faults: ['licenceDelay=3600000'] });
    const failure = (await failureOf(
      apply({ count: 1 }, { patienceMs: 50 }),
    )) as Incomplete<RoleMailboxOutcome>;
    expect(failure).toBeInstanceOf(Incomplete);
    expect(failure.cause).toMatchObject({ kind: 'timeout' });
    await undoRoleMailboxes(realWork(port), openSandboxDirectory(tenant), failure.outcome);
    expect(await live()).not.toContain(ADDRESS);
  });

  it('says which permission is missing', async () => {
    const work = applyRoleMailboxes(realWork(port), openSandboxDirectory(tenant, 'reader'), wish());
    await expect(work).rejects.toThrow('User.Read.All');
  });
});

describeWithPwsh('over PowerShell', () => {
  beforeEach(() => {
    port = openSandboxPort(tenant, 'powershell');
  });

  it('makes them with the same end state, and deletes them', async () => {
    const outcome = await apply();
    expect(await endState(tenant, port, outcome)).toEqual(EXPECTED);
    await undoRoleMailboxes(realWork(port), openSandboxDirectory(tenant), outcome);
    expect(await live()).not.toContain(ADDRESS);
  });
});
