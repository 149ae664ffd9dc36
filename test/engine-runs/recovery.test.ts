import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import type { TakenUp } from '../../infra/identity/interop-application.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { type ExpectedIdentity, isComplete, recover, viewState } from '../../scripts/recovery.js';
import type { StackSession } from '../../scripts/stack-session.js';

const LEDGER = initialLedger({ now: new Date('2026-11-24T00:00:00Z'), lifetimeDays: 180 });

const EXPECTED: ExpectedIdentity = {
  name: 'interop',
  tag: 'calendar-interop:calendar-interop/test',
  displayName: 'Interop',
  stack: 'test',
  permissions: [{ api: 'exchangeOnline', permissions: ['full_access_as_app'] }],
  ledger: LEDGER,
};

const COMPLETE = [
  'application:Application',
  'servicePrincipal:ServicePrincipal',
  'appRoleAssignment:AppRoleAssignment',
  'applicationPassword:ApplicationPassword',
];

function deploymentOf(types: readonly string[], pending: readonly unknown[] = []): Deployment {
  const resources = types.map((type, index) => ({
    urn: `urn:${index}`,
    type: `azuread:index/${type}`,
    id: `/applications/${index}`,
  }));
  return { version: 3, deployment: { resources, pending_operations: pending } };
}

test('a state that holds all that is declared needs no look at Entra', () => {
  expect(isComplete(viewState(deploymentOf(COMPLETE)), EXPECTED)).toBe(true);
});

test.each(COMPLETE)('a state without its %s does', (missing) => {
  const types = COMPLETE.filter((type) => type !== missing);
  expect(isComplete(viewState(deploymentOf(types)), EXPECTED)).toBe(false);
});

test('so does one with an operation that hangs', () => {
  expect(isComplete(viewState(deploymentOf(COMPLETE, [{}])), EXPECTED)).toBe(false);
});

const APPLICATION = {
  id: 'object-id',
  appId: 'client-id',
  displayName: 'Interop',
  passwordCredentials: [
    { keyId: 'ours', displayName: 'interop-a-g1' },
    { keyId: 'other-generation', displayName: 'interop-a-g7' },
    { keyId: 'foreign', displayName: 'somebody’s' },
    { keyId: 'nameless', displayName: null },
  ],
};

function surroundings(options: {
  tagged?: boolean;
  namesakes?: boolean;
  lastRun?: string;
  deployment?: Deployment;
}) {
  const done: string[] = [];
  const session = {
    exportState: async () => options.deployment ?? deploymentOf([]),
    lastRun: async () => (options.lastRun === undefined ? undefined : { result: options.lastRun }),
    replaceState: async () => void done.push('state without pending operations'),
    run: async (run: string, { takeUp }: { takeUp: TakenUp }) =>
      void done.push(`${run} that takes up ${takeUp.application}`),
  } as unknown as StackSession;
  const graph = {
    findApplicationsByTag: async () => (options.tagged === true ? [APPLICATION] : []),
    findApplicationsByDisplayName: async () => (options.namesakes === true ? [APPLICATION] : []),
    findServicePrincipal: async () => undefined,
    getApplication: async () => APPLICATION,
    removePassword: async (_: string, keyId: string) => void done.push(`remove secret ${keyId}`),
  };
  const said: string[] = [];
  const run = () =>
    recover(
      session,
      EXPECTED,
      async () => graph as never,
      (text) => said.push(text),
    );
  return { done, said, run };
}

test('what an interrupted run left is taken up; of its secrets only the one that the ledger names is removed', async () => {
  const { done, said, run } = surroundings({ tagged: true, lastRun: 'failed' });
  await run();
  expect(done).toEqual(['remove secret ours', 'up that takes up /applications/object-id']);
  expect(said.join('\n')).toContain('interop-a-g1');
});

test('a tagged registration without an interrupted run is only offered for adoption: the state may be lost', async () => {
  const { done, run } = surroundings({ tagged: true, lastRun: 'succeeded' });
  await expect(run()).rejects.toMatchObject({
    kind: 'resource',
    next: ['pulumi config set --path calendar-interop:registration.adopt client-id --stack test'],
  });
  expect(done).toEqual([]);
});

test('a registration of the same name that is not ours is never touched', async () => {
  const { done, run } = surroundings({ namesakes: true, lastRun: 'failed' });
  await expect(run()).rejects.toMatchObject({ kind: 'resource' });
  expect(done).toEqual([]);
});

test('a first run on a clean tenant has nothing to do', async () => {
  const { done, said, run } = surroundings({});
  await run();
  expect({ done, said }).toEqual({ done: [], said: [] });
});
