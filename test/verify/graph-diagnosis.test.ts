/** The confusion matrix over Graph: each leaf that exists there is named for its fault, and no other. */
import { LEAVES, type LeafCode, verifyEndpoint } from '../../infra/verify/index.js';
import { asGraph, GRAPH_FAULTS, NOT_OVER_GRAPH } from './support/graph-faults.js';
import { makeWorld, type World } from './support/world.js';

let world: World;

beforeAll(async () => {
  world = await asGraph(await makeWorld());
});

afterAll(async () => {
  await world.dispose();
});

async function diagnose(code: LeafCode): Promise<readonly string[]> {
  const { check, around, undo } = (await GRAPH_FAULTS[code]?.(world)) ?? {};
  try {
    const report = await verifyEndpoint(
      { ...world.check, sight: world.look(), ...check },
      { ...world.around, signal: new AbortController().signal, ...around },
    );
    expect(report.kind).toBe('graph');
    for (const found of report.findings) {
      expect(found.evidence).not.toBe('');
      expect(JSON.stringify(found)).not.toContain(world.registration.secret);
    }
    return report.findings.map((found) => found.code);
  } finally {
    await undo?.();
  }
}

it('has a fault for every leaf, or it is one that no look-up over Graph can come to', () => {
  const known = [...Object.keys(GRAPH_FAULTS), ...NOT_OVER_GRAPH];
  expect(known.sort()).toEqual(Object.keys(LEAVES).sort());
});

it('finds nothing where nothing is broken', async () => {
  expect((await verifyEndpoint(world.check, world.around)).findings).toEqual([]);
});

it.each(Object.keys(GRAPH_FAULTS) as LeafCode[])(
  '%s is found for its fault, and nothing else',
  async (code) => {
    expect(await diagnose(code)).toEqual([code]);
  },
);

it('finds nothing when everything is put right again', async () => {
  expect((await verifyEndpoint(world.check, world.around)).findings).toEqual([]);
});
