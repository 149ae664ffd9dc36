/** RoomBooking and its baseline, over the wire and against the sandbox. */
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { dump, Life, type RunningProvider, startProvider } from './support/provider.js';

let tenant: TestSandbox;
let port: CmdletPort;
let provider: RunningProvider;

beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 80 });
  port = openSandboxPort(tenant);
  provider = await startProvider(tenant);
});

afterEach(async () => {
  await provider.stop();
  await port.close();
  await tenant.dispose();
});

const life = () => new Life(provider.client, 'exchange:index:RoomBooking');

async function baseline(): Promise<Life> {
  const before = new Life(provider.client, 'exchange:index:Baseline', 'baseline');
  await before.create({ kind: 'roomBooking', subject: 'rooms', wish: {} });
  return before;
}

it('leads a whole life: previewed, made, drifted, mended, undone', async () => {
  const before = await dump(tenant);
  const resource = life();
  await resource.preview({});
  expect((await provider.messages()).join('\n')).toMatch(/info: \d+ of \d+ rooms differ/);
  expect(await dump(tenant)).toEqual(before);

  const { facts } = (await baseline()).state;
  await resource.create({ baseline: facts });
  const changed = Object.keys(resource.state.former);
  expect(changed.length).toBeGreaterThan(0);
  const made = structuredClone(resource.state);
  await resource.refresh();
  expect(resource.state).toEqual(made);
  expect(await resource.differences({ baseline: facts })).toEqual({});

  const [room = ''] = changed;
  await port.run({
    cmdlet: 'Set-CalendarProcessing',
    parameters: { Identity: room, ProcessExternalMeetingMessages: false },
  });
  await resource.refresh();
  expect(resource.inputs.violations).toBe(1);
  expect(await resource.differences({ baseline: facts })).toEqual({ violations: 'UPDATE' });
  await resource.update({ baseline: facts });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('tries a room that failed again with the next run', async () => {
  const before = await dump(tenant);
  const resource = life();
  await tenant.control({ faults: ['cmdletRefused=1@Set-CalendarProcessing'] });
  await resource.create({});
  expect(resource.state).toMatchObject({ violations: 1, failures: [{ reason: expect.any(String) }] });
  expect((await provider.messages()).join('\n')).toMatch(/^warning: /m);
  expect(await resource.differences({})).toEqual({ violations: 'UPDATE' });
  await resource.update({});
  expect(resource.state).toMatchObject({ violations: 0, failures: [] });
  expect(await resource.differences({})).toEqual({});
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('restores rooms of a run that was cut off', async () => {
  const before = await dump(tenant);
  const { facts } = (await baseline()).state;
  await life().create({ baseline: facts });
  const resource = life();
  await resource.create({ baseline: facts });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('refuses a room that is none', async () => {
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  const address = rows[0]?.PrimarySmtpAddress;
  await expect(life().create({ rooms: [address] })).rejects.toThrow(`${address} is no room`);
});
