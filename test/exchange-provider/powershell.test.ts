/** The same resources over PowerShell's own engine: everything made, and everything as before at the end. */
import { describeWithPwsh } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { dump, type Json, Life, type RunningProvider, startProvider } from './support/provider.js';

const VISIBILITY = { level: 'LimitedDetails', scope: { all: true }, exclude: [], inlineLimit: 500 };
const CLIENT = 'aaaaaaaa-1111-4111-8111-111111111111';
const MAILBOX = {
  address: 'calendar@contoso.com',
  displayName: 'Calendar Interop',
  sku: 'EXCHANGESTANDARD',
  count: 1,
  passwordNeverExpires: true,
  blockSignIn: false,
  hidden: true,
  owner: 'calendar-interop:calendar-interop/dev',
};

describeWithPwsh('over PowerShell', () => {
  let tenant: TestSandbox;
  let provider: RunningProvider;

  beforeAll(async () => {
    tenant = await startTestSandbox({ mailboxes: 8 });
    provider = await startProvider(tenant, { transport: 'powershell' });
  });
  afterAll(async () => {
    await provider?.stop();
    await tenant?.dispose();
  });

  const create = async (type: string, inputs: Json): Promise<Life> => {
    const life = new Life(provider.client, `exchange:index:${type}`);
    await life.create(inputs);
    return life;
  };

  it('makes, finds unchanged, and undoes', async () => {
    const before = await dump(tenant);
    const mailbox = await create('RoleMailbox', MAILBOX);
    const ews = await create('EwsAccess', {
      clientId: CLIENT,
      roleAccounts: [MAILBOX.address],
      acknowledgeAllowList: true,
    });
    const rooms = await create('RoomBooking', {});
    const baseline = await create('CalendarBaseline', VISIBILITY);
    const { record, pending } = baseline.state;
    const calendars = await create('CalendarVisibility', { ...VISIBILITY, baseline: { record, pending } });
    expect(calendars.state.counts.raised).toBeGreaterThan(0);
    const all = [calendars, baseline, rooms, ews, mailbox];
    for (const life of all) {
      await life.refresh();
      expect(life.inputs.violations).toBe(0);
    }
    for (const life of all) await life.remove();
    expect(await dump(tenant)).toEqual(before);
  });
});
