/** Many calls, and faults of servers and connections, against the emulated tenant. */
import { ExchangeError } from '../../infra/exchange/transport/exchange-error.js';
import type { CmdletCall, CmdletPort } from '../../infra/exchange/transport/port.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { startTenant, type Tenant } from './support/tenant.js';

const MAILBOXES = 2500;

let tenant: Tenant;
beforeAll(async () => {
  tenant = await startTenant({ mailboxes: MAILBOXES });
});
afterAll(() => tenant.stop());
afterEach(() => tenant.control({ clearFaults: true, latencyMs: 0 }));

const all: CmdletCall<'Get-Mailbox'> = { cmdlet: 'Get-Mailbox', parameters: { ResultSize: 'Unlimited' } };
const read = (mailbox: string): CmdletCall<'Get-CASMailbox'> => ({
  cmdlet: 'Get-CASMailbox',
  parameters: { Identity: mailbox },
  anchor: mailbox,
});

async function addressesBy(port: CmdletPort): Promise<string[]> {
  const addresses: string[] = [];
  for await (const row of port.stream(all)) addresses.push(row.PrimarySmtpAddress);
  return addresses;
}

/** Runs the calls as a caller with much to do does: about as many open as the port finds worth it. */
/** Runs all; answers with the port's concurrency as it was after each of them. */
async function runMany(
  port: CmdletPort,
  calls: readonly CmdletCall<'Get-CASMailbox'>[],
): Promise<readonly number[]> {
  const seen: number[] = [];
  const queue = [...calls];
  const open = new Set<Promise<unknown>>();
  while (queue.length > 0 || open.size > 0) {
    while (open.size < port.concurrency) {
      const call = queue.pop();
      if (call === undefined) break;
      const work: Promise<unknown> = port.run(call).finally(() => {
        open.delete(work);
        seen.push(port.concurrency);
      });
      open.add(work);
    }
    await Promise.race(open);
  }
  return seen;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

function load(transport: CmdletPort['transport'], ceiling: number, calls: number): void {
  test('a list of several pages comes whole, each row once', async () => {
    const addresses = await addressesBy(tenant.open(transport));
    expect(addresses.length).toBeGreaterThan(MAILBOXES - 100);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test(`a ceiling of ${ceiling} calls at once is found and used, with few refusals`, async () => {
    const port = tenant.open(transport);
    const addresses = await addressesBy(port);
    await tenant.control({ faults: [`ceiling=${ceiling}:0.2`], latencyMs: 200 });
    const before = port.statistics();
    const throttledBefore = (await tenant.served()).throttled;
    const seen = await runMany(port, addresses.slice(0, calls).map(read));
    const { cmdlets, requests } = port.statistics();
    expect(cmdlets - before.cmdlets).toBe(calls);
    // The level at which the second half ran, by its middle; no wall clock here, since the machine may be busy.
    const request = transport === 'rest' ? 10 : 1;
    const half = seen.slice(calls / 2).sort((one, other) => one - other);
    const middle = (half[Math.floor(half.length / 2)] ?? 0) - request;
    expect(middle).toBeGreaterThanOrEqual(Math.ceil(ceiling * 0.9));
    expect((await tenant.served()).mostInFlight).toBeGreaterThanOrEqual(ceiling * 0.9);
    // The module waits out most refusals by itself. The few that it tells of halve the level for a moment, the last one too.
    if (transport === 'powershell') return;
    expect(middle).toBeLessThanOrEqual(Math.ceil(ceiling * 1.1));
    expect((await tenant.served()).throttled - throttledBefore).toBeLessThan(calls / 25);
    expect((requests - before.requests) / calls).toBeLessThanOrEqual(0.12);
  });
}

describe('REST', () => {
  load('rest', 20, 1500);

  test('a link that leads back ends the list with an error', async () => {
    await tenant.control({ faults: ['loopingNextLink=5'] });
    const error = await failure(addressesBy(tenant.open('rest')));
    expect(error).toBeInstanceOf(ExchangeError);
  });

  test('batches that are answered by half are completed, and nothing is done twice', async () => {
    const port = tenant.open('rest');
    const addresses = (await addressesBy(port)).slice(0, 40);
    const before = (await tenant.served()).cmdlets['Get-CASMailbox'] ?? 0;
    await tenant.control({ faults: ['halfBatch=2'] });
    await Promise.all(addresses.map((mailbox) => port.run(read(mailbox))));
    expect((await tenant.served()).cmdlets['Get-CASMailbox']).toBe(before + 40);
  });

  test('a server that is away for a moment, and broken connections', async () => {
    const port = tenant.open('rest');
    const path = `@POST /adminapi/beta/${tenant.sandbox.info.tenantId}/InvokeCommand`;
    await tenant.control({ faults: [`serverError=1${path}`, `dropBefore=1${path}`, `dropAfter=1${path}`] });
    expect((await port.run({ cmdlet: 'Get-AcceptedDomain', parameters: {} })).rows.length).toBeGreaterThan(0);
    expect(port.statistics()).toMatchObject({ requests: 4, retried: 3 });
  });

  test('a connection that breaks after the write: what cannot be repeated is told as not known', async () => {
    const port = tenant.open('rest');
    const path = `@POST /adminapi/beta/${tenant.sandbox.info.tenantId}/InvokeCommand`;
    await tenant.control({ faults: [`dropAfter=1${path}`] });
    const parameters = { Name: 'half-made', RecipientRestrictionFilter: "Alias -eq 'x'" };
    const error = await failure(port.run({ cmdlet: 'New-ManagementScope', parameters }));
    expect(error).toMatchObject({ outcomeUnknown: true });
    const found = await port.run({ cmdlet: 'Get-ManagementScope', parameters: { Identity: 'half-made' } });
    expect(found.rows).toHaveLength(1);
  });

  test('a certificate that nobody vouches for stops everything at once', async () => {
    const { readTrust } = await import('../../infra/graph/trust.js');
    const port = tenant.open('rest', { trust: readTrust({}) });
    expect(await failure(port.run(all))).toMatchObject({ kind: 'configuration' });
    expect(port.statistics().requests).toBe(1);
  });
});

describeWithPwsh('PowerShell', () => {
  load('powershell', 4, 150);

  test('shells are replaced after a number of cmdlets', async () => {
    const port = tenant.open('powershell', { usesPerShell: 4, mostConcurrent: 1 });
    for (let call = 0; call < 6; call += 1) {
      expect((await port.run({ cmdlet: 'Get-AcceptedDomain', parameters: {} })).rows.length).toBeGreaterThan(
        0,
      );
    }
    // A line for each cmdlet and for each shell's connection, and one look for the module.
    expect(port.statistics()).toMatchObject({ cmdlets: 6, requests: 6 + 1 + 2 });
  });

  test('a password goes to New-Mailbox and into no error', async () => {
    const port = tenant.open('powershell');
    const parameters = {
      Name: 'Interop Role',
      MicrosoftOnlineServicesID: 'role@nowhere.example',
      Password: "Very$ecret`'1",
    };
    const error = await failure(port.run({ cmdlet: 'New-Mailbox', parameters }));
    expect(error).toBeInstanceOf(ExchangeError);
    expect(JSON.stringify([error, String(error)])).not.toContain('ecret`');
  });
});
