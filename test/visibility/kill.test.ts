/** Runs that are killed in the middle, at any point: SIGKILL leaves no time for anything. */
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ExchangeError } from '../../infra/exchange/transport/exchange-error.js';
import type { CmdletCall } from '../../infra/exchange/transport/port.js';
import { UndoRecord } from '../../infra/exchange/visibility/undo-record.js';
import type { ChildTask, FromChild, ToChild } from './support/sweep-in-child.js';
import { temporaryFiles } from './support/temporary-files.js';
import { guidOf, mailbox, Tenant } from './support/tenant.js';

const CHILD = join(__dirname, 'support', 'sweep-in-child.ts');
const EMPTY = UndoRecord.empty.encode();
const COUNT = 60;

type Done = Extract<FromChild, { done: unknown }>['done'];

/** So many answers are lost in every other kill; less than a sweep has calls under way at once, or it would never get there. */
const LOST = 3;

/**
 * Runs a task in a child, and kills it.
 *
 * @param killAfter so many cmdlets take effect, and not one more: what the child sends until the kill reaches it finds nobody. Where
 *   the number is even, the child does not hear of the last ones.
 */
async function inChild(
  tenant: Tenant,
  task: ChildTask,
  killAfter = Number.POSITIVE_INFINITY,
): Promise<Done | undefined> {
  const child = fork(CHILD, [JSON.stringify(task)], { execArgv: ['--import', 'tsx'] });
  const heardOf = killAfter % 2 === 0 ? killAfter - LOST : killAfter;
  let done: Done | undefined;
  let taken = 0;
  let answered = 0;
  const kill = () => answered === killAfter && child.kill('SIGKILL');
  child.on('message', (message: FromChild) => {
    if ('done' in message) {
      done = message.done;
      return;
    }
    if (taken === killAfter) return;
    taken += 1;
    void answer(tenant, message.call as CmdletCall).then((result) => {
      answered += 1;
      if (answered > heardOf) kill();
      else child.send({ id: message.id, ...result } satisfies ToChild, kill);
    });
  });
  await new Promise((resolve) => child.on('exit', resolve));
  return done;
}

async function answer(tenant: Tenant, call: CmdletCall): Promise<Omit<ToChild, 'id'>> {
  try {
    return { rows: [...(await tenant.run(call)).rows] };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    const { cmdlet, className, text, transient } = error;
    return { refused: { cmdlet, className, text, transient } };
  }
}

function tenantWithAllToRaise(): Tenant {
  return new Tenant(Array.from({ length: COUNT }, (_, number) => mailbox(number, ['None'])));
}

describe('a run that is killed and started again', () => {
  it.each([3, 40, 75, 110])(
    'apply, killed after %i cmdlets: changes no calendar twice and misses none',
    async (after) => {
      const tenant = tenantWithAllToRaise();
      const files = temporaryFiles();
      const plan = await inChild(tenant, { what: 'plan', files, record: EMPTY, pending: '' });
      const baseline = { record: plan?.record ?? '', pending: plan?.pending ?? '' };
      tenant.calls.length = 0;
      expect(await inChild(tenant, { what: 'apply', files, ...baseline }, after)).toBeUndefined();
      expect(tenant.calls.length).toBe(after);
      expect(tenant.writes.length).toBeLessThan(COUNT);
      const done = await inChild(tenant, { what: 'apply', files, ...baseline });
      expect(done?.counts).toMatchObject({ failed: 0, lower: 0 });
      const changed = tenant.writes.filter((write) => write.before !== write.after).map(({ guid }) => guid);
      expect(changed.sort()).toEqual(Array.from({ length: COUNT }, (_, number) => guidOf(number)));
      expect(tenant.writes.length).toBe(COUNT);
      // It went on where it was: all that was under way at the kill may be asked again, nothing else.
      expect(tenant.calls.length - after).toBeLessThanOrEqual(2 * COUNT - after + 2 * 16);
    },
  );

  it('plan, killed in the middle: goes on, and the baseline is what is there when it ends', async () => {
    const tenant = new Tenant(
      Array.from({ length: COUNT }, (_, number) =>
        mailbox(number, number % 2 === 0 ? ['None'] : ['LimitedDetails']),
      ),
    );
    const files = temporaryFiles();
    const task: ChildTask = { what: 'plan', files, record: EMPTY, pending: '' };
    expect(await inChild(tenant, task, 80)).toBeUndefined();
    expect(tenant.calls.length).toBe(80);
    // Read as None before the kill; its owner has chosen this since, and an undo must lead back to it.
    tenant.setLevel(0, ['AvailabilityOnly']);
    const plan = await inChild(tenant, task);
    const record = UndoRecord.decode(plan?.record ?? '');
    expect(record.size).toBe(COUNT / 2);
    expect(record.find(guidOf(0))?.former).toBe('AvailabilityOnly');
    // Of those that show enough already, nobody is asked again.
    const wholePlan = 1 + 2 * COUNT;
    expect(tenant.calls.length - 80).toBeLessThan(wholePlan - 2 * 10);
  });

  it('undo, killed in the middle and raised again by a run in between: everything is as it was after the next undo', async () => {
    const tenant = tenantWithAllToRaise();
    const original = tenant.dump();
    const files = temporaryFiles();
    const plan = { what: 'plan', files, record: EMPTY, pending: '' } as const;
    const first = await inChild(tenant, plan);
    const baseline = { record: first?.record ?? '', pending: first?.pending ?? '' };
    await inChild(tenant, { what: 'apply', files, ...baseline });
    const undo = { what: 'undo', files, ...baseline } as const;
    expect(await inChild(tenant, undo, 70)).toBeUndefined();
    const again = await inChild(tenant, { ...plan, record: baseline.record });
    const raised = { record: again?.record ?? '', pending: again?.pending ?? '' };
    expect(raised.record).toBe(baseline.record);
    await inChild(tenant, { what: 'apply', files, ...raised });
    expect(tenant.level(0)).toBe('LimitedDetails');
    await inChild(tenant, undo);
    expect(tenant.dump()).toEqual(original);
  });

  it('apply, killed in the middle and undone: the next one raises everything, what the killed one had raised, too', async () => {
    const tenant = tenantWithAllToRaise();
    const files = temporaryFiles();
    const plan = { what: 'plan', files, record: EMPTY, pending: '' } as const;
    const first = await inChild(tenant, plan);
    const baseline = { record: first?.record ?? '', pending: first?.pending ?? '' };
    expect(await inChild(tenant, { what: 'apply', files, ...baseline }, 75)).toBeUndefined();
    await inChild(tenant, { what: 'undo', files, ...baseline });
    const again = await inChild(tenant, plan);
    expect({ record: again?.record, pending: again?.pending }).toEqual(baseline);
    await inChild(tenant, { what: 'apply', files, ...baseline });
    for (let number = 0; number < COUNT; number += 1) expect(tenant.level(number)).toBe('LimitedDetails');
  });

  it('with its files lost as well: everything is as it was after an undo', async () => {
    const tenant = tenantWithAllToRaise();
    const original = tenant.dump();
    const first = temporaryFiles();
    const plan = await inChild(tenant, { what: 'plan', files: first, record: EMPTY, pending: '' });
    const baseline = { record: plan?.record ?? '', pending: plan?.pending ?? '' };
    await inChild(tenant, { what: 'apply', files: first, ...baseline }, 90);
    expect(tenant.writes.length).toBeGreaterThan(0);
    for (const path of [first.folderIds, first.apply])
      rmSync(dirname(path), { recursive: true, force: true });
    const again = await inChild(tenant, {
      what: 'plan',
      files: temporaryFiles(),
      record: baseline.record,
      pending: '',
    });
    const next = { record: again?.record ?? '', pending: again?.pending ?? '' };
    expect(next.record).toBe(baseline.record);
    await inChild(tenant, { what: 'apply', files: temporaryFiles(), ...next });
    const undo = { what: 'undo', files: temporaryFiles(), ...next } as const;
    await inChild(tenant, undo, 70);
    await inChild(tenant, undo);
    expect(tenant.dump()).toEqual(original);
  });
});
