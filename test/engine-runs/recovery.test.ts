import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import type { TakenUp } from '../../infra/identity/interop-application.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { type ExpectedIdentity, isComplete, type RecoveryTools, recover } from '../../scripts/recovery.js';
import { viewState } from '../../scripts/recovery-evidence.js';

const LEDGER = initialLedger({ now: new Date('2026-11-24T00:00:00Z'), lifetimeDays: 180 });

const EXPECTED: ExpectedIdentity = {
  tag: 'calendar-interop:calendar-interop/test',
  displayName: 'Interop',
  stack: 'test',
  permissions: [{ api: 'exchangeOnline', permissions: ['full_access_as_app'] }],
  ledger: LEDGER,
  adopt: undefined,
};

const COMPLETE = [
  ['application:Application', 'interop'],
  ['servicePrincipal:ServicePrincipal', 'interop'],
  ['appRoleAssignment:AppRoleAssignment', 'interop-full_access_as_app'],
  ['applicationPassword:ApplicationPassword', 'interop-secret-a'],
] as const;

interface PendingOperation {
  readonly resource: { readonly type: string; readonly urn: string };
  readonly type: string;
}

function deploymentOf(
  resources: readonly (readonly [string, string])[],
  pending: readonly PendingOperation[] = [],
): Deployment {
  return {
    version: 3,
    deployment: {
      manifest: { time: '2026-11-25T10:00:10.5+00:00' },
      resources: resources.map(([type, name], index) => ({
        urn: `urn:pulumi:test::calendar-interop::azuread:index/${type}::${name}`,
        type: `azuread:index/${type}`,
        id: type.startsWith('application:') ? '/applications/object-id' : `/x/${index}`,
      })),
      pending_operations: pending,
    },
  };
}

const creating = (type: string, name = 'interop'): PendingOperation => ({
  resource: {
    type: `azuread:index/${type}`,
    urn: `urn:pulumi:test::calendar-interop::azuread:index/${type}::${name}`,
  },
  type: 'creating',
});

test('a state that holds all that is declared needs no look at Entra', () => {
  expect(isComplete(viewState(deploymentOf(COMPLETE)), EXPECTED)).toBe(true);
});

test.each(COMPLETE)('a state without its %s %s does', (_, missing) => {
  const others = COMPLETE.filter(
    ([, name], index) => !(name === missing && index === COMPLETE.findIndex(([, n]) => n === missing)),
  );
  expect(isComplete(viewState(deploymentOf(others)), EXPECTED)).toBe(false);
});

test('another consent than the declared one does not make up for it', () => {
  const changed = COMPLETE.map(
    ([type, name]) => [type, name.replace('full_access_as_app', 'Calendars.Read')] as const,
  );
  expect(isComplete(viewState(deploymentOf(changed)), EXPECTED)).toBe(false);
});

test('an operation that hangs does, too', () => {
  const state = deploymentOf(COMPLETE, [creating('application:Application')]);
  expect(isComplete(viewState(state), EXPECTED)).toBe(false);
});

const RUN = { startTime: new Date('2026-11-25T10:00:00Z'), endTime: new Date('2026-11-25T10:01:00Z') };
const LATER = { startTime: new Date('2026-11-26T10:00:00Z'), endTime: new Date('2026-11-26T10:01:00Z') };
const DURING = '2026-11-25T10:00:30Z';
const BEFORE = '2026-11-24T09:00:00Z';
const AFTER = '2026-11-26T09:00:00Z';

interface Situation {
  /** When the registration and its keys came into being. */
  readonly madeAt?: string;
  readonly tagged?: boolean;
  readonly namesakes?: boolean;
  readonly lastRun?: string;
  readonly state?: Deployment;
  readonly adopt?: string;
  readonly locked?: boolean | 'unknown';
  readonly now?: string;
}

function surroundings(situation: Situation) {
  const {
    madeAt = DURING,
    tagged = false,
    namesakes = false,
    lastRun,
    state = deploymentOf([]),
    adopt,
    locked = false,
    now = AFTER,
  } = situation;
  const application = {
    id: 'object-id',
    appId: 'client-id',
    displayName: 'Interop',
    createdDateTime: madeAt,
    passwordCredentials: [
      { keyId: 'ours', displayName: 'interop-a-g1', startDateTime: madeAt },
      { keyId: 'other-generation', displayName: 'interop-a-g7', startDateTime: madeAt },
      { keyId: 'foreign', displayName: 'somebody’s', startDateTime: madeAt },
      { keyId: 'nameless', displayName: null, startDateTime: madeAt },
    ],
  };
  const done: string[] = [];
  const said: string[] = [];
  const graph = {
    findApplicationsByTag: async () => (tagged ? [application] : []),
    findApplicationsByDisplayName: async () => (namesakes ? [application] : []),
    findServicePrincipal: async () => undefined,
    getApplication: async () => application,
    removePassword: async (_: string, keyId: string) => void done.push(`remove secret ${keyId}`),
  };
  const tools = {
    session: {
      requireUnlocked: async () => {
        if (locked === true) throw new Error('locked');
        return locked === 'unknown' ? 'unknown' : 'none';
      },
      readState: async () => state,
      recentRuns: async () =>
        lastRun === undefined
          ? []
          : [
              { result: 'succeeded', ...LATER },
              { result: lastRun, ...RUN },
            ],
      writeState: async ({ deployment }: Deployment) => {
        const gone = state.deployment.resources.length - deployment.resources.length;
        done.push(gone > 0 ? `state without ${gone} resource` : 'state without pending operations');
      },
      run: async (run: string, { takeUp }: { takeUp: TakenUp }) =>
        void done.push(`${run} that takes up ${takeUp.application}`),
    },
    expected: { ...EXPECTED, adopt },
    graph: async () => graph,
    say: (text: string) => said.push(text),
    signal: new AbortController().signal,
    now: () => Date.parse(now),
  } as unknown as RecoveryTools;
  return { done, said, run: () => recover(tools) };
}

test('what a failed run made is taken up; of its secrets only the one that the ledger names is removed', async () => {
  const { done, said, run } = surroundings({ tagged: true, lastRun: 'failed' });
  await run();
  expect(done).toEqual(['remove secret ours', 'up that takes up /applications/object-id']);
  expect(said.join('\n')).toContain('interop-a-g1');
});

test('a killed run’s pending operations go last, since they are the evidence', async () => {
  const state = deploymentOf(
    [],
    [
      creating('application:Application'),
      creating('applicationPassword:ApplicationPassword', 'interop-secret-a'),
    ],
  );
  const { done, run } = surroundings({ tagged: true, state });
  await run();
  expect(done).toEqual([
    'remove secret ours',
    'up that takes up /applications/object-id',
    'state without pending operations',
  ]);
});

test.each([
  ['older than the killed run', BEFORE],
  ['younger than it can have made', AFTER],
])('a secret that is %s stays, although the killed run was making one of this name', async (_, madeAt) => {
  const state = deploymentOf(
    COMPLETE.filter(([, name]) => name !== 'interop-secret-a'),
    [creating('applicationPassword:ApplicationPassword', 'interop-secret-a')],
  );
  const { done, run } = surroundings({ state, madeAt });
  await run();
  expect(done).toEqual(['state without pending operations']);
});

test('where the backend does not tell of locks, a fresh secret stays: a run that is going on may be making it', async () => {
  const fresh = surroundings({
    tagged: true,
    lastRun: 'failed',
    locked: 'unknown',
    now: '2026-11-25T10:10:00Z',
  });
  await fresh.run();
  expect(fresh.done).toEqual(['up that takes up /applications/object-id']);
  const old = surroundings({ tagged: true, lastRun: 'failed', locked: 'unknown' });
  await old.run();
  expect(old.done).toContain('remove secret ours');
});

test('nothing is touched while another run holds the stack: what looks interrupted may be going on', async () => {
  const state = deploymentOf([], [creating('applicationPassword:ApplicationPassword')]);
  const { done, run } = surroundings({ tagged: true, state, locked: true });
  await expect(run()).rejects.toThrow('locked');
  expect(done).toEqual([]);
});

test.each([
  ['no run failed', { lastRun: 'succeeded' }],
  ['there was no run', {}],
  ['it is older than the failed run', { lastRun: 'failed', madeAt: BEFORE }],
  ['it is younger than the failed run', { lastRun: 'failed', madeAt: AFTER }],
  [
    'another resource was being made',
    { state: deploymentOf([], [creating('appRoleAssignment:AppRoleAssignment')]), madeAt: BEFORE },
  ],
])(
  'a tagged registration is only offered for adoption where %s: the state may be lost',
  async (_, situation) => {
    const { done, run } = surroundings({ tagged: true, ...situation });
    await expect(run()).rejects.toMatchObject({
      kind: 'resource',
      next: ['pulumi config set --path calendar-interop:registration.adopt client-id --stack test'],
    });
    expect(done).toEqual([]);
  },
);

test('a secret that the ledger names and no failed run explains stays: another state may hold it', async () => {
  const state = deploymentOf(COMPLETE.filter(([, name]) => name !== 'interop-secret-a'));
  const { done, run } = surroundings({ state, lastRun: 'failed', madeAt: BEFORE });
  await run();
  expect(done).toEqual([]);
});

test('what is adopted is not looked for, not taken up, and not an obstacle', async () => {
  const { done, run } = surroundings({
    tagged: true,
    namesakes: true,
    lastRun: 'failed',
    madeAt: BEFORE,
    adopt: 'client-id',
  });
  await run();
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

/** The state holds another secret than the ledger: the next update removes it. */
function leaving(keyId: string, pending: readonly PendingOperation[] = []): Deployment {
  const state = deploymentOf(
    [...COMPLETE, ['applicationPassword:ApplicationPassword', 'interop-secret-b']],
    pending,
  );
  Object.assign(state.deployment.resources.at(-2), { id: 'object-id/password/ours' });
  Object.assign(state.deployment.resources.at(-1), {
    id: `object-id/password/${keyId}`,
    outputs: { displayName: 'interop-b-g2' },
  });
  return state;
}

test('a secret that a cut-off run has removed already is forgotten: Entra refuses to remove it twice', async () => {
  const deleting = {
    ...creating('applicationPassword:ApplicationPassword', 'interop-secret-b'),
    type: 'deleting',
  };
  for (const situation of [
    { state: leaving('removed', [deleting]) },
    { state: leaving('removed'), lastRun: 'failed' },
  ]) {
    const { done, said, run } = surroundings(situation);
    await run();
    expect(done[0]).toBe('state without 1 resource');
    expect(said.join('\n')).toContain('interop-b-g2 (key removed) is removed already');
  }
});

test.each([
  ['is there still', { state: leaving('ours'), lastRun: 'failed' }],
  ['no run has tried to remove', { state: leaving('removed') }],
])('a secret that %s is left to the engine', async (_, situation) => {
  const { done, run } = surroundings(situation);
  await run();
  expect(done).toEqual([]);
});
