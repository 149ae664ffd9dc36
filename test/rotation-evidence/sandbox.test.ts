/** Evidence of a hand-over, read from the emulated tenant's report of sign-ins. */
import { openGraph, signIn } from '../../infra/graph/provider-cloud.js';
import { formatInstant, parseLedger } from '../../infra/rotation/ledger.js';
import { collectEvidence, type GoogleLogReader, judgeEvidence } from '../../infra/rotation-evidence/index.js';
import { makeApplication, makePrincipal, must, secretForm } from '../sandbox/support/principals.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const HOUR = 3_600_000;
const START = new Date('2027-01-31T08:00:00Z');
const NOT_CANCELLED = new AbortController().signal;

let tenant: TestSandbox;
beforeEach(async () => {
  tenant = await startTestSandbox({ clock: START });
});
afterEach(() => tenant.dispose());

const later = (hours: number) => tenant.control({ clock: { advanceMs: hours * HOUR } });
const now = async () => new Date(((await tenant.control({})) as { clock: string }).clock);

async function graphAs(name: string) {
  const client = tenant.sandbox.info.clients.find((candidate) => candidate.name === name);
  const { metadataHost, tenantId, caFile } = tenant.sandbox.info;
  const env = { SSL_CERT_FILE: caFile, ARM_USE_CLI: 'false', ARM_CLIENT_SECRET: client?.clientSecret ?? '' };
  const signedIn = await signIn({ metadataHost, tenantId, clientId: client?.clientId }, env, NOT_CANCELLED);
  return await openGraph(signedIn, NOT_CANCELLED);
}

/** A registration with an old and a new secret, which Google may sign in with, and its ledger. */
async function handOver() {
  const { id, appId } = await makeApplication(tenant);
  await makePrincipal(tenant, appId);
  const add = async (displayName: string) =>
    await must(
      tenant.graph('POST', `/applications/${id}/addPassword`, {
        body: { passwordCredential: { displayName } },
      }),
    );
  const [older, newer] = [await add('interop-a-g1'), await add('interop-b-g2')];
  const signInWith = async (secret: { secretText: string }) =>
    await must(tenant.tokenRequest(secretForm(tenant, { appId, secret: secret.secretText })));
  const begun = formatInstant(await now());
  const ledger = parseLedger({
    version: 1,
    revision: 2,
    slots: {
      a: { generation: 1, endDate: older.endDateTime, keyId: older.keyId },
      b: { generation: 2, endDate: newer.endDateTime, keyId: newer.keyId },
    },
    current: 'a',
    foreign: [],
    confirmed: {},
    log: [{ at: begun, event: 'stage', slot: 'b', generation: 2 }],
  });
  const judge = async (savedAt: Date | undefined, as = 'deployer') => {
    const google: GoogleLogReader = async () => ({
      checked: true,
      value: { forms: savedAt === undefined ? [] : [{ kind: 'saved', at: savedAt }], lookUps: [] },
    });
    const graph = await graphAs(as);
    const observations = await collectEvidence({ graph: async () => graph, google }, appId, ledger);
    const endpoint = { name: 'online', domains: ['contoso.com'], roleAccounts: ['interop@contoso.com'] };
    return judgeEvidence({
      ledger,
      clientId: appId,
      endpoints: [{ ...endpoint, type: 'microsoft365-graph' }],
      observations,
      now: await now(),
    });
  };
  return { older, newer, signInWith, judge };
}

/** Google signs in with the old secret, is given the new one an hour later, and signs in with that. */
async function moved() {
  const world = await handOver();
  await world.signInWith(world.older);
  await later(1);
  const savedAt = await now();
  await later(1);
  await world.signInWith(world.newer);
  return { ...world, savedAt };
}

test('a hand-over is confirmed from what the tenant reports', async () => {
  const { judge, savedAt } = await moved();
  expect(await judge(savedAt)).toMatchObject({
    confirmed: [{ endpoint: 'online', slot: 'b', generation: 2 }],
    silent: [{ secret: { slot: 'a', generation: 1 } }],
    contradictions: [],
  });
  expect((await judge(undefined)).confirmed).toEqual([]);
});

test('a report that is late, empty or impossible confirms nothing', async () => {
  const { judge, savedAt, signInWith, newer } = await moved();
  await tenant.control({ faults: ['reportEmpty=1'] });
  expect(await judge(savedAt)).toMatchObject({
    confirmed: [],
    silent: [],
    why: [expect.stringContaining('No sign-in')],
  });
  await tenant.control({ faults: ['reportContradiction=1'] });
  const impossible = await judge(savedAt);
  expect(impossible).toMatchObject({ confirmed: [], silent: [] });
  expect(impossible.contradictions[0]).toContain('before it was made');
  expect((await judge(savedAt)).confirmed).toHaveLength(1);
  await tenant.control({ faults: [`reportDelay=${48 * HOUR}`] });
  await later(24);
  const savedAgain = await now();
  await later(1);
  await signInWith(newer);
  expect((await judge(savedAgain)).confirmed).toEqual([]);
  await later(48);
  expect((await judge(savedAgain)).confirmed).toHaveLength(1);
});

test('without the right to read sign-ins nothing is confirmed, and the permission is named', async () => {
  const { judge, savedAt } = await moved();
  const judgement = await judge(savedAt, 'reader');
  expect(judgement).toMatchObject({ confirmed: [], silent: [] });
  expect(judgement.why[0]).toContain('AuditLog.Read.All');
});
