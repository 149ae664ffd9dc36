/** `verify` from what a stack's last run left, on the real engine: nothing is handed in, as Google's form had it pasted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listAnotherApplication } from '../support/ews-allow-list.js';
import { type CommandRun, makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { grant } from '../verify/support/world.js';

const ROLE = 'interop@contoso.com';

let sandbox: TestSandbox;
let project: TestProject;
/** Everything that commands have written so far. */
let written: string;

beforeEach(async () => {
  written = '';
  sandbox = await startTestSandbox({ mailboxes: 8 });
  project = await makeProject({ info: sandbox.sandbox.info });
});

afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

/** With everything that could be logged logged. */
async function run(args: readonly string[]): Promise<CommandRun> {
  const ended = await project.run(args, { DEBUG: '*' });
  written += ended.stdout + ended.stderr;
  return ended;
}

interface Report {
  readonly works: boolean;
  readonly endpoints: readonly {
    readonly kind: string;
    readonly steps: readonly { readonly stage: string; readonly state: string; readonly seen: string }[];
    readonly findings: readonly { readonly code: string; readonly grave: string }[];
    readonly attendees: readonly { readonly address: string; readonly detail: string }[];
  }[];
}

async function verify(...args: readonly string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await run(['verify', '--json', ...args]);
  return { code, report: JSON.parse(stdout) as Report };
}

/** Codes of the faults: the sandbox's certificate is trusted by a file only, which is a note. */
const faults = ({ endpoints }: Report) =>
  endpoints.flatMap(({ findings }) =>
    findings.filter(({ grave }) => grave === 'fault').map(({ code }) => code),
  );

function exchangeKeys(): Record<string, unknown> {
  const { exchange, ews } = sandbox.sandbox.info;
  return {
    'calendar-interop:exchange': { url: exchange, ewsUrl: ews },
    'calendar-interop:roleMailboxes': [{ address: ROLE }],
    'calendar-interop:visibility': { scope: { recipientTypes: ['UserMailbox'] } },
  };
}

async function up(): Promise<void> {
  const { code, stderr } = await run(['up']);
  if (code !== 0) throw new Error(`up ended with ${code}: ${stderr}`);
}

/** The secret's value is in nothing that a command has written. */
async function expectSecretKept(): Promise<void> {
  const value = await project.secretNamed('interop-a-g1');
  expect(value.length).toBeGreaterThan(20);
  for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]) {
    expect(written).not.toContain(form);
  }
}

test('over EWS: works from the state, notes its use beside the stack only, and names what is broken', async () => {
  await project.configure({
    ...exchangeKeys(),
    'calendar-interop:ewsAccess': { acknowledgeAllowList: true },
  });
  await up();
  const file = readFileSync(project.stackFile, 'utf8');
  const state = await project.stateFile();

  const good = await verify();
  expect(faults(good.report)).toEqual([]);
  expect(good).toMatchObject({ code: 0, report: { works: true, endpoints: [{ kind: 'ews' }] } });
  const [endpoint] = good.report.endpoints;
  expect(endpoint?.attendees.length).toBeGreaterThan(1);
  expect(endpoint?.attendees.map(({ detail }) => detail)).toContain('details');
  expect(endpoint?.steps).toContainEqual({
    stage: 'role',
    state: 'held',
    seen: expect.stringContaining(`${ROLE} looked up`),
  });
  expect(readFileSync(project.stackFile, 'utf8')).toBe(file);
  expect(await project.stateFile()).toBe(state);
  expect(ownUses()).toMatch(/"calendar-interop:own-use-a": ?"1 \S+Z verify"/);

  await listAnotherApplication(sandbox);
  const broken = await verify();
  expect(broken).toMatchObject({ code: 11, report: { works: false } });
  expect(faults(broken.report)).toEqual(['CI-EWS-NOT-LISTED']);
  await expectSecretKept();
});

test('over Graph, limited to role mailboxes: a mailbox outside is refused, and named when it is not', async () => {
  await project.configure({
    ...exchangeKeys(),
    'calendar-interop:protocol': 'graph',
    'calendar-interop:access': 'roleMailboxes',
    'calendar-interop:ewsAccess': undefined,
    'calendar-interop:endpoints': [
      { name: 'online', type: 'microsoft365-graph', domains: ['contoso.com'], roleAccounts: [ROLE] },
    ],
  });
  await up();

  const good = await verify();
  expect(faults(good.report)).toEqual([]);
  expect(good).toMatchObject({ code: 0, report: { works: true, endpoints: [{ kind: 'graph' }] } });
  const [endpoint] = good.report.endpoints;
  expect(endpoint?.attendees.map(({ detail }) => detail)).toContain('details');
  expect(endpoint?.steps).toContainEqual({
    stage: 'scope',
    state: 'held',
    seen: expect.stringMatching(/^acting on \S+@contoso\.com is refused/),
  });

  const wrong = await verify('--as-role', 'nobody@contoso.com');
  expect(wrong.code).toBe(11);
  expect(faults(wrong.report)).toEqual(['CI-ROLE-MISSING']);

  await grant(sandbox, await principal(), 'microsoftGraph', 'Calendars.Read');
  const wide = await verify();
  expect(wide).toMatchObject({ code: 11, report: { works: false } });
  expect(faults(wide.report)).toEqual(['CI-SCOPE-TOO-WIDE']);
  await expectSecretKept();
});

async function principal(): Promise<{ readonly principalId: string }> {
  const { body } = await sandbox.graph<{ value: { id: string }[] }>(
    'GET',
    "/servicePrincipals?$filter=displayName eq 'Interop under test'",
  );
  return { principalId: body.value[0]?.id ?? '' };
}

/** Pulumi's file of what is noted beside the stack. */
function ownUses(): string {
  const file = join(project.backend, '.pulumi', 'stacks', 'calendar-interop', 'test.pulumi-tags');
  return readFileSync(file, 'utf8');
}
