/** Several of our own runs at once over one allow list, whose interleaving is drawn by lot: nobody's entry is lost. */
import fc from 'fast-check';
import {
  applyEwsAccess,
  type EwsAccessOutcome,
  undoEwsAccess,
} from '../../infra/exchange/ews-access/index.js';
import { sleep } from '../../infra/exchange/transport/clock.js';
import { ended, workOn } from '../support/memory-port.js';
import { Organization } from './support/organization.js';

const id = (number: number) => `0000000${number}-0000-4000-8000-000000000000`;
const STRANGERS = ['AAAAAAAA-1111-4111-8111-111111111111', 'odd entry'];

interface Run {
  readonly removes: boolean;
  readonly start: number;
  /** Milliseconds before and after the effect of each call, in turn. */
  readonly latencies: readonly (readonly [number, number])[];
}

/** As long as calls take, with what Exchange and the network may need; a write leaves within 5 s of its read. */
const latency = fc.integer({ min: 0, max: 1_500 });
const someRun: fc.Arbitrary<Run> = fc.record({
  removes: fc.boolean(),
  start: fc.integer({ min: 0, max: 12_000 }),
  latencies: fc.array(fc.tuple(latency, latency), { minLength: 1, maxLength: 12 }),
});

it.each([
  ['with reads that are right at once', 0],
  ['with reads that are old for a second', 1_000],
])('loses no entry, %s', async (_, staleMs) => {
  await fc.assert(
    fc.asyncProperty(fc.array(someRun, { minLength: 2, maxLength: 3 }), async (runs) => {
      const organization = new Organization();
      organization.staleMs = staleMs;
      const listed = runs.flatMap(({ removes }, index) => (removes ? [id(index)] : []));
      organization.ids = [...STRANGERS, ...listed].join(',');
      const works = runs.map((run, index) => start(organization, run, index));
      await ended(organization.clock, Promise.all(works));
      const added = runs.flatMap(({ removes }, index) => (removes ? [] : [id(index)]));
      expect([...organization.list].sort()).toEqual([...STRANGERS, ...added].sort());
    }),
    { numRuns: 300 },
  );
});

async function start(organization: Organization, run: Run, index: number): Promise<unknown> {
  let calls = 0;
  const port = organization.port(() => {
    calls += 1;
    return run.latencies[calls % run.latencies.length] ?? [0, 0];
  });
  const work = workOn(port, organization.clock);
  await sleep(organization.clock, run.start);
  if (run.removes) return await undoEwsAccess(work, recordOf(id(index)));
  return await applyEwsAccess(work, { clientId: id(index), roleAccounts: [], acknowledgeAllowList: false });
}

function recordOf(clientId: string): EwsAccessOutcome {
  return {
    clientId,
    former: { enabled: true, list: [...STRANGERS], mailboxes: [] },
    added: true,
    turnedOn: false,
    opened: [],
    leaving: null,
    writtenAt: null,
  };
}
