/** Rooms in the sandbox: only what differs is written, and undo leaves everything as it was. */
import { applyRooms, inspectRooms, planRooms, undoRooms } from '../../infra/exchange/room-booking/index.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort, realWork } from '../support/sandbox-port.js';

let tenant: TestSandbox;
beforeAll(async () => {
  tenant = await startTestSandbox({ mailboxes: 120 });
});
afterAll(() => tenant.dispose());

async function exchangeState(): Promise<unknown> {
  return (await tenant.state()).exchange;
}

async function roundTrip(transport: 'rest' | 'powershell'): Promise<void> {
  const port = openSandboxPort(tenant, transport);
  try {
    const before = await exchangeState();
    const found = await inspectRooms(realWork(port), {});
    const plan = planRooms(found);
    expect(found.rooms.length).toBeGreaterThan(1);
    expect(plan.rooms.length).toBeGreaterThan(0);
    const outcome = await applyRooms(realWork(port), {});
    expect(Object.keys(outcome.former).sort()).toEqual(plan.rooms.map(({ guid }) => guid).sort());
    expect(outcome.failures).toEqual([]);
    expect(planRooms(await inspectRooms(realWork(port), {})).rooms).toEqual([]);
    await undoRooms(realWork(port), outcome);
    expect(await exchangeState()).toEqual(before);
  } finally {
    await port.close();
  }
}

it('goes there and back over REST', () => roundTrip('rest'));

describeWithPwsh('over PowerShell', () => {
  it('goes there and back', () => roundTrip('powershell'));
});
