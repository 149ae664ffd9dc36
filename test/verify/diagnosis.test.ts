/**
 * The confusion matrix: for every leaf one thing is broken, and the diagnosis names that leaf, and no other. In between all is well
 * again, or the next row would tell.
 */
import { LEAVES, type LeafCode, verifyEndpoint } from '../../infra/verify/index.js';
import { FAULTS } from './support/faults.js';
import { makeWorld, type World } from './support/world.js';

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

it('finds nothing when everything is put right again', async () => {
  const report = await verifyEndpoint(world.check, world.around);
  expect(report.findings).toEqual([]);
});
