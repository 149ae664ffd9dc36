/**
 * The confusion matrix: for every leaf one thing is broken, and the diagnosis names that leaf, and no other. In between all is well
 * again, or the next row would tell.
 */
import { LEAVES, type LeafCode, type Step, verifyEndpoint } from '../../infra/verify/index.js';
import { FAULTS, filterOf, scoped } from './support/faults.js';
import { makeWorld, ROLE, type World } from './support/world.js';

let world: World;

beforeAll(async () => {
  world = await makeWorld();
});

afterAll(async () => {
  await world.dispose();
});

async function diagnose(code: LeafCode): Promise<readonly string[]> {
  const { check, around, undo } = await FAULTS[code](world);
  try {
    const report = await verifyEndpoint(
      { ...world.check, sight: world.look(), ...check },
      { ...world.around, signal: new AbortController().signal, ...around },
    );
    expect(report.works).toBe(report.findings.every(({ grave }) => grave === 'note'));
    for (const found of report.findings) {
      expect(found.evidence).not.toBe('');
      expect(JSON.stringify(found)).not.toContain(world.registration.secret);
    }
    return report.findings.map((found) => found.code);
  } finally {
    await undo?.();
  }
}

it('has a fault for every leaf, more than thirty', () => {
  expect(Object.keys(FAULTS).sort()).toEqual(Object.keys(LEAVES).sort());
  expect(Object.keys(LEAVES).length).toBeGreaterThan(30);
});

it('finds nothing where nothing is broken', async () => {
  const report = await verifyEndpoint(world.check, world.around);
  expect(report.findings).toEqual([]);
});

it.each(Object.keys(FAULTS) as LeafCode[])('%s is found for its fault, and nothing else', async (code) => {
  expect(await diagnose(code)).toEqual([code]);
});

describe('a mailbox outside of the access, who has to be refused', () => {
  const GONE = ['nobody@contoso.com', 'nobody.else@contoso.com'];
  let undo: () => Promise<unknown>;

  beforeAll(async () => {
    undo = await scoped(world, filterOf(ROLE));
  });

  afterAll(async () => {
    await undo();
  });

  async function scopeStep(outside: readonly string[]): Promise<Step | undefined> {
    const report = await verifyEndpoint({ ...world.check, access: 'roleMailboxes', outside }, world.around);
    expect(report.findings).toEqual([]);
    return report.steps.find(({ stage }) => stage === 'scope');
  }

  it('is another one where the first has left', async () => {
    const still = world.people[1] ?? '';
    expect(await scopeStep([...GONE, still])).toMatchObject({
      state: 'held',
      seen: `acting on ${still} is refused, as it shall be`,
    });
  });

  it('is asked for where all have left', async () => {
    const step = await scopeStep(GONE);
    expect(step?.state).toBe('notLookedAt');
    for (const address of GONE) expect(step?.seen).toContain(`the probe with ${address} says nothing`);
    expect(step?.seen).toContain('--outside');
  });
});

it('finds nothing when everything is put right again', async () => {
  const report = await verifyEndpoint(world.check, world.around);
  expect(report.findings).toEqual([]);
});
