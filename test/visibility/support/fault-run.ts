/**
 * Two runs of the sweep on the emulated Exchange, a fault in the first, nothing wrong in the second, and what has to be true of them
 * whatever the fault is: by full dumps of the tenant before, between and after.
 */
import type { CmdletPort } from '../../../infra/exchange/transport/port.js';
import {
  applyVisibility,
  type Outcome,
  planVisibility,
  type SweepTools,
  UndoRecord,
  undoVisibility,
  type VisibilityPlan,
  type VisibilityResult,
} from '../../../infra/exchange/visibility/index.js';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.js';
import { openSandboxPort } from '../../support/sandbox-port.js';
import { type Dump, type DumpedFolder, defaultRights, withoutDefault } from './exchange.js';
import { temporaryFiles } from './temporary-files.js';

export type Transport = CmdletPort['transport'];
type PortOptions = Parameters<typeof openSandboxPort>[2];

const TARGET = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;
const LOW = ['None', 'AvailabilityOnly'];
/** Quick, so that what does not pass is given up soon. */
const RETRIES = { attempts: 2, throttledAttempts: 30, longestWaitMs: 60_000 };

/** A tenant, and the ports into it that its rows share. */
export interface FaultyTenant {
  readonly sandbox: TestSandbox;
  readonly transport: Transport;
  readonly port: CmdletPort;
  /** Another one, as a second run has it. */
  second(): CmdletPort;
  /** Another one, which gives a call up soon: after so long as a shell takes to start. */
  hasty(): CmdletPort;
  dispose(): Promise<void>;
}

export async function startFaultyTenant(transport: Transport, mailboxes: number): Promise<FaultyTenant> {
  const sandbox = await startTestSandbox({ mailboxes });
  const ports: CmdletPort[] = [];
  const open = (more: PortOptions = {}) => {
    const few = transport === 'powershell' ? { mostConcurrent: 2 } : {};
    const port = openSandboxPort(sandbox, transport, { retries: RETRIES, ...few, ...more });
    ports.push(port);
    return port;
  };
  let second: CmdletPort | undefined;
  let hasty: CmdletPort | undefined;
  return {
    sandbox,
    transport,
    port: open(),
    second: () => {
      second ??= open();
      return second;
    },
    hasty: () => {
      // A call may take longer now and then, so that it is given up: it is tried more often for that.
      const retries = { ...RETRIES, attempts: 6 };
      hasty ??= open({ timeoutMs: transport === 'rest' ? 3_000 : 20_000, retries });
      return hasty;
    },
    dispose: async () => {
      await Promise.all(ports.map((port) => port.close()));
      await sandbox.dispose();
    },
  };
}

/** All that can be seen of the tenant: mailboxes with folders and entries by name, and everything else. */
export interface State {
  readonly mailboxes: Dump;
  readonly rest: { readonly deletedItems: readonly { readonly id: string }[] };
}

export async function stateOf({ sandbox }: FaultyTenant): Promise<State> {
  const { exchange, ...directory } = await sandbox.state();
  const { mailboxes, ...others } = exchange;
  return { mailboxes, rest: { ...directory, exchange: others } };
}

/** What a fault may do besides: it is somebody else's doing, and no harm of ours. */
export interface OthersDoing {
  /** So many mailboxes are deleted. */
  readonly vanishes?: number;
  readonly changesFolderIds?: boolean;
  readonly renamesCalendars?: boolean;
}

/** One run: a plan that is saved, then an apply. */
export interface Run {
  /** What the plan failed with as a whole; then nothing else happened. */
  readonly failure?: Error;
  readonly plan?: VisibilityPlan;
  readonly result?: VisibilityResult;
  /** Final outcomes of the apply. */
  readonly outcomes: readonly Outcome[];
}

/** @param between runs when the former rights are saved and nothing is written yet. */
export async function sweepOnce(
  tools: SweepTools,
  former: UndoRecord,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Run> {
  const outcomes: Outcome[] = [];
  let plan: VisibilityPlan;
  try {
    plan = await planVisibility(tools, TARGET, former);
  } catch (error) {
    return { failure: error as Error, outcomes };
  }
  await between();
  const onOutcome = (outcome: Outcome) => outcomes.push(outcome);
  return { plan, result: await applyVisibility({ ...tools, onOutcome }, TARGET, plan), outcomes };
}

export interface FaultRun {
  readonly others?: OthersDoing;
  /** Whether the first run gives calls up soon. */
  readonly isHasty?: boolean;
  /** Makes the tenant as the fault needs it, before the first dump. */
  prepare?(tenant: FaultyTenant): Promise<unknown>;
  /** Faults while the first run reads, and from when it begins to write. */
  readonly reading?: readonly string[];
  readonly writing?: readonly string[];
  /** Happens between reading and writing. */
  between?(tenant: FaultyTenant): Promise<unknown>;
  /** Runs in place of one first run. */
  first?(tools: SweepTools, tenant: FaultyTenant, between: () => Promise<unknown>): Promise<readonly Run[]>;
  /** Whether two reports may tell of the same calendar. */
  readonly mayTellTwice?: boolean;
}

/** What the first runs and the second one came to. */
export interface FaultReport {
  readonly first: readonly Run[];
  readonly second: Run;
  readonly before: State;
  readonly between: State;
}

/**
 * Runs, and checks what holds for every fault: nothing is lowered, nothing lost, no other entry changed; after the second run
 * everything is raised that can be; each calendar was changed once; an undo leads back to where it began.
 */
export async function runWithFault(tenant: FaultyTenant, run: FaultRun): Promise<FaultReport> {
  const { control } = tenant.sandbox;
  await run.prepare?.(tenant);
  const tools: SweepTools = {
    port: run.isHasty === true ? tenant.hasty() : tenant.port,
    files: temporaryFiles(),
    revisitAfterMs: [10, 300],
  };
  const before = await stateOf(tenant);
  const changes = await permissionChanges(tenant);
  await control({ faults: run.reading ?? [] });
  const midway = async () => {
    await control({ clearFaults: true, faults: run.writing ?? [] });
    await run.between?.(tenant);
  };
  const first = await (run.first?.(tools, tenant, midway) ?? one(sweepOnce(tools, UndoRecord.empty, midway)));
  await control({ clearFaults: true });
  const between = await stateOf(tenant);
  expectOnlyRaised(before, between, run.others);

  const records = first.flatMap(({ plan }) => (plan === undefined ? [] : [plan.record]));
  const former = records.reduce((all, record) => all.merge(record), UndoRecord.empty);
  const second = await sweepOnce({ ...tools, port: tenant.port }, former);
  expect(second.failure).toBeUndefined();
  expect(second.result?.counts).toMatchObject({ failed: 0, vanished: 0, noCalendar: 0 });
  const after = await stateOf(tenant);
  expectOnlyRaised(before, after, run.others);
  expect(lowerOnes(after)).toEqual([]);

  const raised = raisedOnes(before, after);
  expect(raised.length).toBeGreaterThan(2);
  expect((await permissionChanges(tenant)) - changes).toBe(raised.length);
  expectToldOnce(run, [...first, second]);

  const record = second.plan?.record ?? UndoRecord.empty;
  const undone = await undoVisibility(tools, UndoRecord.decode(record.encode()));
  expect(undone.counts).toMatchObject({ failed: 0, changedByOthers: 0 });
  expect(comparable(await stateOf(tenant), run.others)).toEqual(comparable(left(before, after), run.others));
  return { first, second, before, between };
}

async function one(run: Promise<Run>): Promise<readonly Run[]> {
  return [await run];
}

async function permissionChanges({ sandbox }: FaultyTenant): Promise<number> {
  const headers = { 'x-sandbox': '1' };
  const path = '/sandbox/exchange-statistics';
  return (await sandbox.request<{ permissionChanges: number }>(path, { headers })).body.permissionChanges;
}

/** Nothing but `Default` of default calendars differs, and that only upwards to the level, from what may be raised. */
function expectOnlyRaised(before: State, after: State, others: OthersDoing | undefined): void {
  const was = left(before, after);
  const gone = Object.keys(before.mailboxes).length - Object.keys(was.mailboxes).length;
  expect(gone).toBe(others?.vanishes ?? 0);
  const untouched = (state: State) => {
    const { mailboxes, rest } = comparable(state, others);
    return { mailboxes: withoutDefault(mailboxes), rest };
  };
  expect(untouched(after)).toEqual(untouched(was));
  const [rights, now] = [defaultRights(was.mailboxes), defaultRights(after.mailboxes)];
  for (const [address, right] of Object.entries(rights))
    if (now[address] !== right) expect([LOW.includes(right), now[address]]).toEqual([true, TARGET.level]);
}

/** What there was before, but for mailboxes that are gone by now: deleted by somebody else. */
function left(before: State, after: State): State {
  const gone = new Set(after.rest.deletedItems.map(({ id }) => id));
  if (gone.size === before.rest.deletedItems.length) return before;
  const kept = Object.entries(before.mailboxes).filter(([name]) => name in after.mailboxes);
  return { mailboxes: Object.fromEntries(kept), rest: after.rest };
}

/** Without what somebody else has changed. */
function comparable(state: State, { changesFolderIds, renamesCalendars }: OthersDoing = {}): State {
  const known = (folder: DumpedFolder): DumpedFolder => ({
    ...folder,
    ...(changesFolderIds === true ? { id: '' } : {}),
    ...(renamesCalendars === true ? { path: folder.path.replace(/( \(2\))+/g, '') } : {}),
  });
  const mailboxes = Object.entries(state.mailboxes).map(
    ([name, box]) => [name, { ...box, folders: box.folders.map(known) }] as const,
  );
  return { ...state, mailboxes: Object.fromEntries(mailboxes) };
}

/** Addresses whose calendars show less than the level. */
export function lowerOnes({ mailboxes }: State): readonly string[] {
  return Object.entries(defaultRights(mailboxes)).flatMap(([name, right]) =>
    LOW.includes(right) ? [name] : [],
  );
}

function raisedOnes(before: State, after: State): readonly string[] {
  const was = defaultRights(before.mailboxes);
  const is = defaultRights(after.mailboxes);
  return Object.keys(is).filter((name) => is[name] !== was[name]);
}

/** No calendar is reported as raised by two runs. */
function expectToldOnce({ mayTellTwice }: FaultRun, runs: readonly Run[]): void {
  const told = runs.flatMap(({ outcomes }) => guidsOf(outcomes, 'raised'));
  if (mayTellTwice !== true) expect(told.length).toBe(new Set(told).size);
}

function guidsOf(outcomes: readonly Outcome[], result: Outcome['result']): readonly string[] {
  return outcomes.filter((outcome) => outcome.result === result).map(({ mailbox }) => mailbox.guid);
}
