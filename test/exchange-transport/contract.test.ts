/** What both transports promise, against the emulated tenant: one list of tests, run over each. */
import { InteropError } from '../../infra/errors.js';
import { CMDLETS } from '../../infra/exchange/transport/cmdlets.js';
import { ExchangeError } from '../../infra/exchange/transport/exchange-error.js';
import type { CmdletCall, CmdletPort } from '../../infra/exchange/transport/port.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { signInByCertificate } from './support/certificate.js';
import { startTenant, type Tenant } from './support/tenant.js';

const MAILBOXES = 40;
const MISSING = 'nobody-at-all@contoso.com';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await startTenant({ mailboxes: MAILBOXES });
});
afterAll(() => tenant.stop());
afterEach(() => tenant.control({ clearFaults: true, latencyMs: 0 }));

const all: CmdletCall<'Get-Mailbox'> = { cmdlet: 'Get-Mailbox', parameters: { ResultSize: 'Unlimited' } };

async function failure(work: Promise<unknown>): Promise<ExchangeError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ExchangeError) return error;
  throw error ?? new Error('it did not fail');
}

function contract(transport: CmdletPort['transport']): void {
  let port: CmdletPort;
  let addresses: string[];
  beforeAll(async () => {
    port = tenant.open(transport);
    addresses = (await port.run(all)).rows.map(({ PrimarySmtpAddress }) => PrimarySmtpAddress).sort();
  });
  afterAll(() => port.close());

  const address = (index: number) => addresses[index] ?? '';
  const defaultCalendar = async (mailbox: string) => {
    const { rows } = await port.run({
      cmdlet: 'Get-MailboxFolderStatistics',
      parameters: { Identity: mailbox, FolderScope: 'Calendar' },
      anchor: mailbox,
    });
    return `${mailbox}:${rows.find(({ FolderType }) => FolderType === 'Calendar')?.FolderId ?? 'none'}`;
  };
  const readDefault = (folder: string, more: { signal?: AbortSignal } = {}) =>
    port.run({
      ...more,
      cmdlet: 'Get-MailboxFolderPermission',
      parameters: { Identity: folder, User: 'Default' },
      anchor: folder.split(':')[0],
    });
  const writeDefault = (folder: string, right: 'AvailabilityOnly' | 'LimitedDetails') =>
    port.run({
      cmdlet: 'Set-MailboxFolderPermission',
      parameters: { Identity: folder, User: 'Default', AccessRights: [right] },
      anchor: folder.split(':')[0],
    });

  describe('rows', () => {
    test('of every mailbox, with what the schema names and nothing else', async () => {
      const { rows } = await port.run(all);
      expect(rows.length).toBeGreaterThanOrEqual(MAILBOXES);
      expect(new Set(rows.map(({ Guid }) => Guid)).size).toBe(rows.length);
      for (const row of rows) expect(Object.keys(row)).not.toContain('Alias');
    });

    test('are the same as a stream', async () => {
      const streamed: string[] = [];
      for await (const row of port.stream(all)) streamed.push(row.Guid);
      expect(streamed.sort()).toEqual((await port.run(all)).rows.map(({ Guid }) => Guid).sort());
    });

    test('keep odd names as they are', async () => {
      const { rows } = await port.run(all);
      const state = JSON.stringify(rows.map(({ DisplayName }) => DisplayName));
      const [row] = (await port.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: address(0) } })).rows;
      expect(state).toContain(JSON.stringify(row?.DisplayName));
    });

    test('keep lists as lists, texts as texts and truth as truth', async () => {
      const { rows } = await readDefault(await defaultCalendar(address(1)));
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ User: 'Default' });
      expect(Array.isArray(rows[0]?.AccessRights)).toBe(true);
      const domains = await port.run({ cmdlet: 'Get-AcceptedDomain', parameters: {} });
      expect(domains.rows.filter(({ Default }) => Default === true)).toHaveLength(1);
    });
  });

  describe('permitted cmdlets', () => {
    test('are those that the roles of the caller hold', async () => {
      expect([...(await port.permitted())].sort()).toEqual(Object.keys(CMDLETS).sort());
      await expect(tenant.open(transport, {}, 'reader').permitted()).rejects.toThrow(/Exchange/);
    });
  });

  describe('writes', () => {
    test('take effect, and an empty answer is a success', async () => {
      const folder = await defaultCalendar(address(2));
      for (const right of ['AvailabilityOnly', 'LimitedDetails'] as const) {
        expect((await writeDefault(folder, right)).rows).toEqual([]);
        expect((await readDefault(folder)).rows[0]?.AccessRights).toEqual([right]);
      }
    });

    test('that change nothing say so in a warning', async () => {
      const folder = await defaultCalendar(address(3));
      await writeDefault(folder, 'LimitedDetails');
      const { warnings } = await writeDefault(folder, 'LimitedDetails');
      expect(warnings.join()).toContain('no permissions of');
    });

    test('of null set nothing', async () => {
      const set = (EwsEnabled: boolean | null) =>
        port.run({
          cmdlet: 'Set-CASMailbox',
          parameters: { Identity: address(4), EwsEnabled },
          anchor: address(4),
        });
      const get = async () =>
        (await port.run({ cmdlet: 'Get-CASMailbox', parameters: { Identity: address(4) } })).rows[0]
          ?.EwsEnabled;
      await set(true);
      expect(await get()).toBe(true);
      await set(null);
      expect((await get()) ?? null).toBeNull();
    });
  });

  describe('refusals', () => {
    test('are told by their class', async () => {
      const error = await failure(port.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: MISSING } }));
      expect(error).toMatchObject({
        cmdlet: 'Get-Mailbox',
        className: 'ManagementObjectNotFoundException',
        transient: false,
        outcomeUnknown: false,
      });
      expect(error.text).toMatch(
        /^The operation couldn't be performed because object 'nobody-at-all@contoso.com'/,
      );
    });

    test('of a folder that is not there', async () => {
      const error = await failure(readDefault(`${address(5)}:\\No such folder`));
      expect(error.className).toBe('ManagementObjectNotFoundException');
    });

    test('leave the port in order: the next call works', async () => {
      await failure(port.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: MISSING } }));
      expect(
        (await port.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: address(6) } })).rows,
      ).toHaveLength(1);
    });

    test('of a hostile identity stay refusals', async () => {
      for (const name of ["$(throw 'x')", '"; Remove-Mailbox; "', "'); exit; ('", '\u202e\n`"']) {
        const error = await failure(port.run({ cmdlet: 'Get-CASMailbox', parameters: { Identity: name } }));
        expect(error.className).toBe('ManagementObjectNotFoundException');
      }
    });

    test('of a caller without a role are told as a missing permission', async () => {
      await tenant.control({ faults: ['nulBytes403=1@Get-CASMailbox'] });
      const error = await failure(
        port.run({ cmdlet: 'Get-CASMailbox', parameters: { Identity: address(0) } }),
      );
      expect(error).toMatchObject({ category: 'PermissionDenied', transient: false });
    });

    test('of a caller without the app permission are told as a failed sign-in', async () => {
      const stranger = tenant.open(transport, {}, 'reader');
      const error = await stranger.run(all).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InteropError);
      expect(error).toMatchObject({ kind: 'authentication' });
      expect(String(error)).not.toMatch(/eyJ/);
    });
  });

  describe('faults that pass', () => {
    const quick = { attempts: 6, throttledAttempts: 30, longestWaitMs: 60_000 };
    const one = () => port.run({ cmdlet: 'Get-CASMailbox', parameters: { Identity: address(0) } });

    test('a storm of throttling: everything is done in the end, and nothing twice', async () => {
      const folders = await Promise.all([7, 8, 9, 10].map((index) => defaultCalendar(address(index))));
      const served = await tenant.served();
      const before = served.cmdlets['Set-MailboxFolderPermission'] ?? 0;
      await tenant.control({ faults: ['throttleStorm=6:0.05'] });
      await Promise.all(folders.map((folder) => writeDefault(folder, 'LimitedDetails')));
      for (const folder of folders)
        expect((await readDefault(folder)).rows[0]?.AccessRights).toEqual(['LimitedDetails']);
      expect((await tenant.served()).cmdlets['Set-MailboxFolderPermission']).toBe(before + 4);
      // Over PowerShell the module waits it out by itself, and the port sees nothing of it.
      expect((await tenant.served()).throttled).toBeGreaterThan(served.throttled);
    });

    test('a cmdlet that fails for a moment is run again', async () => {
      await tenant.control({ faults: ['cmdletError=2@Get-CASMailbox'] });
      expect((await one()).rows).toHaveLength(1);
    });

    test('a failure inside of a success is a failure', async () => {
      await tenant.control({ faults: ['errorInSuccess=1@Get-CASMailbox'] });
      expect((await one()).rows).toHaveLength(1);
    });

    test('a cmdlet that fails for good is not run again', async () => {
      await tenant.control({ faults: ['cmdletRefused=1@Get-CASMailbox'] });
      expect((await failure(one())).transient).toBe(false);
      expect((await one()).rows).toHaveLength(1);
    });

    test('a lost answer: an absolute write is repeated, another is told as not known', async () => {
      const folder = await defaultCalendar(address(11));
      await tenant.control({
        faults: ['cmdletLost=1@Set-MailboxFolderPermission', 'cmdletLost=1@New-ManagementScope'],
      });
      await writeDefault(folder, 'LimitedDetails');
      const name = `lost-${transport}`;
      const create: CmdletCall<'New-ManagementScope'> = {
        cmdlet: 'New-ManagementScope',
        parameters: { Name: name, RecipientRestrictionFilter: "Alias -eq 'x'" },
      };
      expect(await failure(port.run(create))).toMatchObject({ outcomeUnknown: true });
      expect(
        (await port.run({ cmdlet: 'Get-ManagementScope', parameters: { Identity: name } })).rows,
      ).toHaveLength(1);
    });

    test('a token that expires in the middle is replaced', async () => {
      await tenant.control({ faults: ['expiredToken=1'] });
      expect((await one()).rows).toHaveLength(1);
    });

    test('claims that are asked for are brought', async () => {
      await tenant.control({ faults: ['claimsChallenge=1'] });
      expect((await one()).rows).toHaveLength(1);
    });

    test('no answer in time: the call is given up, and read again', async () => {
      // Room for a shell to start on a busy machine: that counts towards the time, too.
      const hasty = tenant.open(transport, {
        timeoutMs: transport === 'rest' ? 3_000 : 15_000,
        retries: quick,
      });
      await hasty.run({ cmdlet: 'Get-AcceptedDomain', parameters: {} });
      await tenant.control({ faults: ['cmdletHang=1@Get-CASMailbox'] });
      const { rows } = await hasty.run({ cmdlet: 'Get-CASMailbox', parameters: { Identity: address(0) } });
      expect(rows).toHaveLength(1);
      expect(hasty.statistics().retried).toBeGreaterThanOrEqual(1);
    });
  });

  describe('calling off', () => {
    test('an aborted call ends at once with the reason, and the port goes on', async () => {
      await tenant.control({ faults: ['cmdletHang=1@Get-CASMailbox'] });
      const abort = new AbortController();
      const call = port
        .run({ cmdlet: 'Get-CASMailbox', parameters: { Identity: address(0) }, signal: abort.signal })
        .catch((reason: unknown) => reason);
      setTimeout(() => abort.abort('enough'), 300);
      expect(await call).toBe('enough');
      expect(
        (await port.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: address(0) } })).rows,
      ).toHaveLength(1);
    });

    test('a stream that is left early does no harm', async () => {
      for await (const row of port.stream(all)) {
        expect(row.Guid).toMatch(/^[0-9a-f-]{36}$/);
        break;
      }
      expect(
        (await port.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: address(0) } })).rows,
      ).toHaveLength(1);
    });
  });

  test('a client certificate signs in, too', async () => {
    const { way, credential } = await signInByCertificate(tenant);
    expect(way).toBe('client certificate');
    const own = tenant.open(transport, { credential });
    const { rows } = await own.run({ cmdlet: 'Get-Mailbox', parameters: { Identity: address(0) } });
    expect(rows).toHaveLength(1);
  });

  test('the statistics count calls and requests', async () => {
    const before = port.statistics();
    await port.run({ cmdlet: 'Get-AcceptedDomain', parameters: {} });
    const after = port.statistics();
    expect(after.cmdlets - before.cmdlets).toBe(1);
    expect(after.requests - before.requests).toBe(1);
    expect(port.concurrency).toBeGreaterThanOrEqual(1);
  });
}

describe('REST', () => contract('rest'));
describeWithPwsh('PowerShell', () => contract('powershell'));
