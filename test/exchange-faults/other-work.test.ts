/**
 * What writes to Exchange besides sweeps and role mailboxes, over both transports, with one thing going wrong at its first write: the
 * run passes, or fails and says at what; a second one, with nothing wrong, makes it whole; an undo leads back to where it began, so
 * that nothing of others was lost on the way.
 */
import {
  type ApplicationScopeOutcome,
  type ApplicationScopeWish,
  applyApplicationScope,
  inspectApplicationScope,
  planApplicationScope,
  undoApplicationScope,
} from '../../infra/exchange/application-scope/index.js';
import {
  applyEwsAccess,
  type EwsAccessOutcome,
  inspectEwsAccess,
  planEwsAccess,
  undoEwsAccess,
} from '../../infra/exchange/ews-access/index.js';
import {
  applyRooms,
  inspectRooms,
  planRooms,
  type RoomBookingOutcome,
  undoRooms,
} from '../../infra/exchange/room-booking/index.js';
import type { CmdletName } from '../../infra/exchange/transport/cmdlets.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { Incomplete, type Work } from '../../infra/exchange/work.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort, realWork } from '../support/sandbox-port.js';

jest.setTimeout(120_000);

/** One writer, who need not wait for others, and has all the time that a busy machine takes. */
const LIST_TIMING = { writeWithinMs: 60_000, quietMs: 0, staleMs: 60_000, lookEveryMs: 50, attempts: 8 };
const PROOF_TIMING = { patienceMs: 0, everyMs: 10 };
const RETRIES = { attempts: 3, throttledAttempts: 30, longestWaitMs: 60_000 };
const OURS = '11111111-aaaa-4aaa-8aaa-111111111111';
const THEIRS = '22222222-bbbb-4bbb-8bbb-222222222222';

interface Job {
  apply(work: Work): Promise<void>;
  /** What is still to be done. */
  left(work: Work): Promise<readonly string[]>;
  undo(work: Work): Promise<unknown>;
}

interface Kind {
  readonly name: string;
  /** The cmdlet of its first write. */
  readonly write: CmdletName;
  /** Whether that write is made again by itself where its answer was lost. */
  readonly isRepeated: boolean;
  /** Makes what others have there, and gives a job that has done nothing yet. */
  prepare(tenant: TestSandbox, port: CmdletPort): Promise<Job>;
}

/** What a job of one kind consists of; `former` is what the runs before have come to. */
interface Steps<Outcome> {
  apply(work: Work, former: Outcome | undefined): Promise<Outcome>;
  left(work: Work): Promise<readonly string[]>;
  undo(work: Work, former: Outcome): Promise<unknown>;
}

/** Keeps what was done, of a run that failed half-way, too. */
function jobOf<Outcome>(steps: Steps<Outcome>): Job {
  let former: Outcome | undefined;
  return {
    apply: async (work) => {
      try {
        former = await steps.apply(work, former);
      } catch (error) {
        if (error instanceof Incomplete) former = error.outcome;
        throw error;
      }
    },
    left: (work) => steps.left(work),
    undo: async (work) => former && (await steps.undo(work, former)),
  };
}

function ewsJob(): Job {
  const wish = { clientId: OURS, roleAccounts: [], acknowledgeAllowList: true };
  return jobOf<EwsAccessOutcome>({
    apply: (work, former) => applyEwsAccess(work, wish, { timing: LIST_TIMING, former }),
    left: async (work) => planEwsAccess(await inspectEwsAccess(work, wish), wish).changes,
    undo: (work, former) => undoEwsAccess(work, former, LIST_TIMING),
  });
}

function scopeJob(wish: ApplicationScopeWish): Job {
  return jobOf<ApplicationScopeOutcome>({
    apply: (work, former) => applyApplicationScope(work, wish, { timing: PROOF_TIMING, former }),
    left: async (work) => planApplicationScope(await inspectApplicationScope(work, wish), wish).changes,
    undo: undoApplicationScope,
  });
}

function roomsJob(): Job {
  return jobOf<RoomBookingOutcome>({
    apply: async (work, former) => {
      const outcome = await applyRooms(work, {}, { former });
      const failed = outcome.failures.map(({ address, reason }) => `${address}: ${reason}`);
      if (failed.length > 0) throw new Incomplete(outcome, new Error(failed.join()));
      return outcome;
    },
    left: async (work) => planRooms(await inspectRooms(work, {})).changes,
    undo: undoRooms,
  });
}

const KINDS: readonly Kind[] = [
  {
    name: 'the EWS switch and allow list',
    write: 'Set-OrganizationConfig',
    isRepeated: false,
    prepare: async (_, port) => {
      const parameters = { EwsAllowedAppIDs: THEIRS };
      await port.run({ cmdlet: 'Set-OrganizationConfig', parameters });
      return ewsJob();
    },
  },
  {
    name: "the application's scope",
    write: 'New-ServicePrincipal',
    isRepeated: false,
    prepare: async (tenant, port) => {
      const displayName = 'Calendar Interop';
      const application = await tenant.graph('POST', '/applications', { body: { displayName } });
      const clientId: string = application.body.appId;
      const principal = await tenant.graph('POST', '/servicePrincipals', { body: { appId: clientId } });
      const { rows } = await port.run({
        cmdlet: 'Get-Mailbox',
        parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
      });
      return scopeJob({
        clientId,
        servicePrincipalId: principal.body.id,
        displayName,
        protocol: 'ews',
        graphPermissions: [],
        mailboxes: rows.slice(0, 2).map((row) => row.PrimarySmtpAddress),
        consents: [],
        owner: 'calendar-interop:calendar-interop/dev',
      });
    },
  },
  {
    name: 'rooms that can be booked',
    write: 'Set-CalendarProcessing',
    isRepeated: true,
    prepare: async () => roomsJob(),
  },
];

interface Fault {
  readonly name: string;
  faults(write: CmdletName): readonly string[];
  /** How the run ends: `passed`, or what it says. */
  ends(kind: Kind): string | RegExp;
  /** The one kind that can meet it; absent for all. */
  readonly only?: CmdletName;
}

const passed = () => 'passed';
const lost = ({ isRepeated, write }: Kind) =>
  isRepeated ? 'passed' : new RegExp(`^Incomplete: ${write}: \\S`);

const FAULTS: readonly Fault[] = [
  { name: 'an answer that is lost', faults: (write) => [`cmdletLost=1@${write}`], ends: lost },
  { name: 'a gateway that gives up after the write', faults: () => ['gatewayTimeout=1'], ends: lost },
  { name: 'a throttling storm', faults: () => ['throttleStorm=6:0.05'], ends: passed },
  {
    name: 'a refusal',
    faults: (write) => [`cmdletRefused=1@${write}`],
    ends: () => /refused by a fault/,
  },
  {
    name: 'reads that are old after the write',
    faults: () => ['staleReads=700'],
    ends: passed,
    only: 'Set-OrganizationConfig',
  },
];

/** The port, with faults from its first write on: what comes before it is the same for all of them. */
function faultyFromWrite(port: CmdletPort, write: CmdletName, arm: () => Promise<unknown>): CmdletPort {
  let armed: Promise<unknown> | undefined;
  return {
    transport: port.transport,
    get concurrency() {
      return port.concurrency;
    },
    stream: (call) => port.stream(call),
    permitted: (signal) => port.permitted(signal),
    statistics: () => port.statistics(),
    close: () => port.close(),
    run: async (call) => {
      if (call.cmdlet === write) armed ??= arm();
      await armed;
      return await port.run(call);
    },
  };
}

function table(transport: CmdletPort['transport']): void {
  let tenant: TestSandbox;
  let port: CmdletPort;
  beforeAll(async () => {
    tenant = await startTestSandbox({ mailboxes: 40 });
    const few = transport === 'powershell' ? { mostConcurrent: 2 } : {};
    port = openSandboxPort(tenant, transport, { retries: RETRIES, ...few });
  });
  afterEach(() => tenant.control({ clearFaults: true }));
  afterAll(async () => {
    await port.close();
    await tenant.dispose();
  });
  const state = async () => (await tenant.state()).exchange;

  describe.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
    const met = FAULTS.filter(({ only = kind.write }) => only === kind.write);
    it.each(met.map((fault) => [fault.name, fault] as const))('%s', async (__, { faults, ends }) => {
      const work = realWork(port);
      const job = await kind.prepare(tenant, port);
      const before = await state();
      expect((await job.left(work)).length).toBeGreaterThan(0);
      const arm = () => tenant.control({ faults: faults(kind.write) });
      const first = await job.apply(realWork(faultyFromWrite(port, kind.write, arm))).then(
        () => 'passed',
        (error: unknown) => String(error),
      );
      await tenant.control({ clearFaults: true });
      const wanted = ends(kind);
      if (typeof wanted === 'string') expect(first).toBe(wanted);
      else expect(first).toMatch(wanted);
      await job.apply(work);
      expect(await job.left(work)).toEqual([]);
      await job.undo(work);
      expect(await state()).toEqual(before);
    });
  });
}

describe('over REST', () => table('rest'));
describeWithPwsh('over PowerShell', () => table('powershell'));
