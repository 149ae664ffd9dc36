/** EWS access in the sandbox, which overwrites the allow list as a whole and shows old reads on demand. */
import {
  applyEwsAccess,
  type EwsAccessWish,
  type ListTiming,
  undoEwsAccess,
} from '../../infra/exchange/ews-access/index.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort, realWork } from '../support/sandbox-port.js';

const [TEAMS, ONE, OTHER] = ['a', 'b', 'c'].map((digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`);
/** Shorter than in real life: the sandbox answers within milliseconds. */
const timing: ListTiming = {
  writeWithinMs: 1_000,
  quietMs: 1_500,
  staleMs: 10_000,
  lookEveryMs: 100,
  attempts: 8,
};

let tenant: TestSandbox;
let port: CmdletPort;
beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 12 });
  port = openSandboxPort(tenant);
});
afterEach(async () => {
  await port.close();
  await tenant.dispose();
});

const wish = (clientId: string | undefined, more: Partial<EwsAccessWish> = {}): EwsAccessWish => ({
  clientId: String(clientId),
  roleAccounts: [],
  acknowledgeAllowList: true,
  ...more,
});
const state = async () => (await tenant.state()).exchange;
const listed = async () =>
  String((await state()).organization.EwsAllowedAppIDs ?? '')
    .split(',')
    .filter(Boolean)
    .sort();

async function roundTrip(transport: 'rest' | 'powershell'): Promise<void> {
  const own = openSandboxPort(tenant, transport);
  try {
    const work = realWork(own);
    await own.run({
      cmdlet: 'Set-OrganizationConfig',
      parameters: { EwsAllowedAppIDs: `${TEAMS?.toUpperCase()}` },
    });
    const { rows } = await own.run({
      cmdlet: 'Get-Mailbox',
      parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
    });
    const account = rows[0]?.PrimarySmtpAddress ?? '';
    await own.run({
      cmdlet: 'Set-CASMailbox',
      parameters: { Identity: account, EwsEnabled: false },
      anchor: account,
    });
    const before = await state();
    const outcome = await applyEwsAccess(work, wish(ONE, { roleAccounts: [account] }), { timing });
    expect((await state()).organization).toMatchObject({
      EwsEnabled: true,
      EwsAllowedAppIDs: `${TEAMS?.toUpperCase()},${ONE}`,
    });
    const writes = await state();
    expect(
      await applyEwsAccess(work, wish(ONE, { roleAccounts: [account] }), { timing, former: outcome }),
    ).toEqual(outcome);
    expect(await state()).toEqual(writes);
    await undoEwsAccess(work, outcome, timing);
    expect(await state()).toEqual(before);
  } finally {
    await own.close();
  }
}

it('goes there and back over REST', () => roundTrip('rest'));

describeWithPwsh('over PowerShell', () => {
  it('goes there and back', () => roundTrip('powershell'));
});

it.each([0, 500])('keeps the entries of two runs at once, with reads that are %d ms old', async (staleMs) => {
  await tenant.control({ faults: [`staleReads=${staleMs}`] });
  const second = openSandboxPort(tenant);
  const apply = (id: string | undefined, own: CmdletPort) =>
    applyEwsAccess(realWork(own), wish(id), { timing });
  const [one] = await Promise.all([apply(ONE, port), apply(OTHER, second)]);
  expect(await listed()).toEqual([ONE, OTHER]);
  const adding = apply(TEAMS, second);
  await Promise.all([undoEwsAccess(realWork(port), one, timing), adding]);
  expect(await listed()).toEqual([TEAMS, OTHER]);
  await second.close();
});

it('gives the organisation back unset where it was unset', async () => {
  const before = await state();
  const outcome = await applyEwsAccess(realWork(port), wish(ONE), { timing });
  expect((await state()).organization.EwsEnabled).toBe(true);
  await undoEwsAccess(realWork(port), outcome, timing);
  expect(await state()).toEqual(before);
});
