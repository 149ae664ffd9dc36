/**
 * Each rotation command stopped at one point after another, never let to its end before the last one; then it ends well. All the
 * while Google signs in with what was pasted.
 *
 * One stack is carried through all rows, in their order: making one takes longer than any row.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from '../../infra/rotation/ledger.js';
import { ledgerIn, type Moment, stopAt } from '../support/interruption.js';
import { PastedSecret } from '../support/pasted-secret.js';
import { makeProject, type TestProject } from '../support/project.js';
import { registrationIn, secretNamesIn } from '../support/registration.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;
let google: PastedSecret;

const TIMEOUT_MS = 900_000;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  google = new PastedSecret(sandbox);
  await run(['up'], 0);
  await paste();
  await run(['rotation', 'confirm'], 0);
}, TIMEOUT_MS);
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

// ---- the moments

/** Before our own sign-in: nothing has been done yet. */
const atStart: Moment = { request: 'GET /*/v2.0/.well-known/openid-configuration' };
const atPolicy: Moment = { request: 'GET /policies/defaultAppManagementPolicy' };
const atAdd: Moment = { request: 'POST /applications/*/addPassword' };
const atRemove: Moment = { request: 'POST /applications/*/removePassword' };
/** The provider asks until the secret is gone everywhere. */
const afterRemove: Moment = { request: 'GET /applications/*' };
/** The engine and our own sign-in name the tenant by its id; the proof, as Google, by its domain. */
const atProof: Moment = { request: 'POST /contoso.com/oauth2/v2.0/token' };
const atReport: Moment = { request: 'GET /reports/appCredentialSignInActivities' };
const written = (event: string): Moment => ({ ledger: ({ pending }) => pending?.event === event });
const ledgerIs = (ledger: (ledger: Ledger) => boolean): Moment => ({ ledger });
const finished = (slot: 'a' | 'b'): Moment =>
  ledgerIs(({ pending, slots }) => pending === undefined && slots[slot]?.keyId !== undefined);

interface Row {
  /** What is typed; a function where an id is known only then. */
  readonly command: readonly string[] | (() => Promise<readonly string[]>);
  /** What goes before, undisturbed. */
  readonly before?: () => Promise<void>;
  readonly stops: readonly (readonly [string, Moment, 'SIGINT'?])[];
  /** Exit code of the same command, let to its end at last. */
  readonly ends: number;
  readonly phase: string;
  /** The names of the secrets in the tenant then. */
  readonly secrets: readonly string[];
  /** Somebody demanded that the very secret go which Google holds. */
  readonly demanded?: true;
}

const PORTAL = 'made in the portal';

function soon(): string {
  return new Date(Date.now() + 86_400_000).toISOString();
}

const ROWS: readonly (readonly [string, Row])[] = [
  [
    'stage',
    {
      command: ['rotation', 'stage'],
      stops: [
        ['before anything', atStart],
        ['before the ledger is written', atPolicy],
        ['before the update', written('stage')],
        ['before the secret is made', atAdd],
        ['when the secret is made and the engine does not know', { tenant: () => has('interop-b-g2') }],
        ['by Ctrl-C before the secret is made', atAdd, 'SIGINT'],
        ['before the proof', atProof],
        ['by Ctrl-C before the proof', atProof, 'SIGINT'],
      ],
      ends: 0,
      phase: 'staged',
      secrets: ['interop-a-g1', 'interop-b-g2'],
    },
  ],
  [
    'confirm',
    {
      command: ['rotation', 'confirm'],
      before: paste,
      stops: [
        ['before anything', atStart],
        ['before the state knows', ledgerIs(({ confirmed }) => confirmed.online?.slot === 'b')],
      ],
      ends: 0,
      phase: 'switched',
      secrets: ['interop-a-g1', 'interop-b-g2'],
    },
  ],
  [
    'retire',
    {
      command: ['rotation', 'retire'],
      stops: [
        ['before anything', atStart],
        ['before the update', written('retire')],
        ['before the secret is removed', atRemove],
        ['by Ctrl-C before the secret is removed', atRemove, 'SIGINT'],
        ['when the secret is removed and the engine does not know', afterRemove],
      ],
      ends: 0,
      phase: 'steady',
      secrets: ['interop-b-g2'],
    },
  ],
  [
    'revoke of the only secret, at once',
    {
      command: ['rotation', 'revoke', 'b', '--now', '--yes'],
      // The next one ends so soon that the row after this has it replaced.
      before: () =>
        project.configure({ 'calendar-interop:secret': { lifetimeDays: 10, leadDays: 5, quietDays: 4 } }),
      stops: [
        ['before the ledger is written', atPolicy],
        ['before the update', written('revoke')],
        ['before the new secret is made', atAdd],
        ['before the old secret is removed', atRemove],
        ['when the old secret is removed and the engine does not know', afterRemove],
      ],
      ends: 0,
      phase: 'unconfirmed',
      secrets: ['interop-a-g3'],
      demanded: true,
    },
  ],
  [
    'run that stages',
    {
      command: ['rotation', 'run'],
      before: async () => {
        await project.configure();
        await paste();
        await run(['rotation', 'confirm'], 0);
      },
      stops: [
        ['before the ledger is written', atPolicy],
        ['before the update', written('stage')],
        ['before the secret is made', atAdd],
        ['before the proof', atProof],
        ['before the report', finished('b')],
      ],
      ends: 10,
      phase: 'staged',
      secrets: ['interop-a-g3', 'interop-b-g4'],
    },
  ],
  [
    'revoke after the switch',
    {
      command: ['rotation', 'revoke', 'a', '--after-switch', '--deadline', soon(), '--yes'],
      stops: [
        ['before the ledger is written', atPolicy],
        ['before the state knows', ledgerIs(({ revoking }) => revoking?.slot === 'a')],
      ],
      ends: 0,
      phase: 'revoking',
      secrets: ['interop-a-g3', 'interop-b-g4'],
    },
  ],
  [
    'run that carries out a revoke',
    {
      command: ['rotation', 'run'],
      before: async () => {
        await paste();
        await run(['rotation', 'confirm'], 0);
      },
      stops: [
        ['before the evidence is read', atReport],
        ['before the update', written('revoke')],
        ['before the secret is removed', atRemove],
      ],
      ends: 0,
      phase: 'steady',
      secrets: ['interop-b-g4'],
    },
  ],
  [
    'adopt',
    {
      command: async () => ['rotation', 'adopt', await portalKey()],
      before: makeInPortal,
      stops: [
        ['before the ledger is written', { request: 'GET /applications' }],
        ['before the state knows', ledgerIs(({ foreign }) => foreign.length === 1)],
      ],
      ends: 0,
      phase: 'switched',
      secrets: ['interop-b-g4', PORTAL],
    },
  ],
  [
    'remove',
    {
      command: async () => ['rotation', 'remove', await portalKey(), '--yes'],
      before: async () => {
        outdated = await readFile(project.stackFile, 'utf8');
      },
      stops: [
        ['before the ledger is written', { request: 'GET /applications' }],
        ['before the secret is removed', written('remove')],
        ['by Ctrl-C before the secret is removed', atRemove, 'SIGINT'],
        [
          'when the secret is removed and the ledger does not know',
          { tenant: async () => !(await has(PORTAL)) },
        ],
      ],
      ends: 0,
      phase: 'steady',
      secrets: ['interop-b-g4'],
    },
  ],
  [
    'restore',
    {
      command: ['rotation', 'restore'],
      before: () => writeFile(project.stackFile, outdated),
      stops: [
        ['before anything', atStart],
        ['before the state knows', ledgerIs(({ log }) => log.at(-1)?.event === 'restore')],
        ['before the state knows, once more', atStart],
      ],
      ends: 0,
      phase: 'steady',
      secrets: ['interop-b-g4'],
    },
  ],
];

/** The stack's file as it was before the last row but one: what another checkout would hold. */
let outdated = '';

test.each(ROWS)(
  '%s',
  async (_, row) => {
    await row.before?.();
    const command = typeof row.command === 'function' ? await row.command() : row.command;
    const watch = watchGoogle();
    for (const [what, moment, signal] of row.stops) {
      const { code, signal: by, stderr } = await stoppedAt(command, moment, signal);
      const end = { what, code, by, stderr: signal === 'SIGINT' ? stderr : '' };
      const cancelled = { code: 8, by: null, stderr: expect.stringContaining('cancelled') };
      expect(end).toEqual(
        signal === 'SIGINT' ? { what, ...cancelled } : { what, code: null, by: 'SIGKILL', stderr: '' },
      );
      await expectSound(what);
    }
    await run(command, row.ends);
    const failed = await watch.stop();
    if (row.demanded !== true) expect(failed).toBe(0);
    await expectAgreement(row.secrets);
    expect((await project.json(['rotation', 'status'])).value).toMatchObject({
      phase: row.phase,
      pending: null,
    });
  },
  TIMEOUT_MS,
);

test('the state knows the restored ledger', async () => {
  const { code, stdout } = await project.run(['rotation', 'restore']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('of the state already') });
});

// ---- what is looked at

async function run(args: readonly string[], wanted: number): Promise<void> {
  const { code, stderr } = await project.run(args);
  expect({ args, code, stderr: code === wanted ? '' : stderr }).toEqual({ args, code: wanted, stderr: '' });
}

/** Whether the tenant holds a secret, be it seen by reads already or not. */
async function has(name: string): Promise<boolean> {
  const { applications } = (await sandbox.state()) as {
    applications: { passwords: { displayName: string }[] }[];
  };
  return applications.some(({ passwords }) => passwords.some(({ displayName }) => displayName === name));
}

async function makeInPortal(): Promise<void> {
  const { id } = await registrationIn(sandbox);
  const body = { passwordCredential: { displayName: PORTAL } };
  expect((await sandbox.graph('POST', `/applications/${id}/addPassword`, { body })).status).toBe(200);
}

async function portalKey(): Promise<string> {
  const { passwordCredentials } = await registrationIn(sandbox);
  return passwordCredentials.find(({ displayName }) => displayName === PORTAL)?.keyId ?? '';
}

const REPLICATION_MS = 4_000;

/** A moment that the tenant shows is held for as long as reads there do not show what was made. */
async function stoppedAt(command: readonly string[], moment: Moment, signal?: 'SIGINT') {
  const start = () => project.start(command);
  if (!('tenant' in moment)) return await stopAt({ sandbox, project }, start, moment, signal);
  await sandbox.control({ faults: [`replicationDelay=${REPLICATION_MS}`] });
  const end = await stopAt({ sandbox, project }, start, moment, signal);
  await sandbox.control({ clearFaults: true });
  await delay(REPLICATION_MS);
  return end;
}

/** A person reads the newest secret in the state and pastes it. */
async function paste(): Promise<void> {
  const { slots } = ledgerIn(project);
  const newest = (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? 'a' : 'b';
  const secret = await project.secretNamed(`interop-${newest}-g${slots[newest]?.generation}`);
  google.paste((await registrationIn(sandbox)).appId, secret);
  expect(await google.works()).toBe(true);
}

/** Google signs in again and again. */
function watchGoogle() {
  let [failed, going] = [0, true];
  const signIns = (async () => {
    while (going) {
      if (!(await google.works())) failed += 1;
      await delay(100);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await signIns;
      return failed;
    },
  };
}

/** Whatever was cut off: one or two secrets, and a ledger that says so. */
async function expectSound(what: string): Promise<void> {
  const { passwordCredentials } = await registrationIn(sandbox);
  const { slots, foreign } = ledgerIn(project);
  expect({ what, secrets: [1, 2].includes(passwordCredentials.length) }).toEqual({ what, secrets: true });
  const named = Object.keys(slots).length + foreign.length;
  expect({ what, named: [1, 2].includes(named) }).toEqual({ what, named: true });
}

/** The tenant's secrets are those of the ledger, key by key. */
async function expectAgreement(names: readonly string[]): Promise<void> {
  expect(await secretNamesIn(sandbox)).toEqual(names);
  const { slots, foreign, pending } = ledgerIn(project);
  const named = [slots.a, slots.b, ...foreign].flatMap((secret) => secret?.keyId ?? []).sort();
  const held = (await registrationIn(sandbox)).passwordCredentials.map(({ keyId }) => keyId).sort();
  expect({ named, pending }).toEqual({ named: held, pending: undefined });
}
