/**
 * `rotation run` as a scheduler runs it, through a whole rotation on the real engine, by evidence from the emulated tenant's report of
 * sign-ins and Google's audit log. The tenant's clock is moved by days, the commands' clock with it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ledgerIn, type Moment, stopAt } from '../support/interruption.js';
import { PastedSecret } from '../support/pasted-secret.js';
import { type CommandRun, makeProject, ROOT, type TestProject } from '../support/project.js';
import { registrationIn, secretNamesIn } from '../support/registration.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TIMEOUT_MS = 900_000;

let sandbox: TestSandbox;
let project: TestProject;
let google: PastedSecret;
let ahead = 0;
let key = '';

beforeEach(async () => {
  ahead = 0;
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  google = new PastedSecret(sandbox);
  key = join(project.root, 'key.json');
  // A person's credentials: a service account signs with the time, which the emulated Google compares with the machine's real one.
  await writeFile(key, JSON.stringify((await workspace('GET')).user));
  await project.configure({
    'calendar-interop:secret': { lifetimeDays: 60, leadDays: 30 },
    'calendar-interop:google': { url: sandbox.sandbox.info.graph },
  });
  await done(0, 'up');
  await paste();
  await done(0, 'rotation', 'confirm');
}, TIMEOUT_MS);
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

async function workspace(method: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await sandbox.request<Record<string, unknown>>('/sandbox/google', {
    method,
    headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return answer.body;
}

/** Time passes, for the tenant, for Google and for the machine that commands run on. */
async function pass(milliseconds: number): Promise<void> {
  ahead += milliseconds;
  await sandbox.control({ clock: { advanceMs: milliseconds } });
}

function env(): NodeJS.ProcessEnv {
  return {
    GOOGLE_APPLICATION_CREDENTIALS: key,
    CLOCK_AHEAD_MS: String(ahead),
    NODE_OPTIONS: `--require ${join(ROOT, 'test', 'support', 'shifted-clock.cjs')}`,
  };
}

async function done(wanted: number, ...args: readonly string[]): Promise<CommandRun> {
  const end = await project.run(args, env());
  const stderr = end.code === wanted ? '' : end.stderr;
  expect({ args, code: end.code, stderr }).toEqual({ args, code: wanted, stderr: '' });
  return end;
}

async function standing(): Promise<unknown> {
  return (await project.json(['rotation', 'status'], env())).value;
}

/** A person reads the newest secret in the state, pastes it and saves the form, which Google logs. */
async function paste(): Promise<void> {
  const { slots } = ledgerIn(project);
  const newest = (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? 'a' : 'b';
  const secret = await project.secretNamed(`interop-${newest}-g${slots[newest]?.generation}`);
  google.paste((await registrationIn(sandbox)).appId, secret);
  await workspace('POST', {
    saveForm: { url: 'https://outlook.office365.com/', roleAccount: 'interop@contoso.com' },
  });
}

/** Google looks somebody up: it signs in. */
async function look(): Promise<void> {
  expect(await google.works()).toBe(true);
}

test(
  'a whole rotation by run and evidence; evidence that is missing, late or contradictory removes nothing',
  async () => {
    const both = ['interop-a-g1', 'interop-b-g2'];
    await look();
    await done(0, 'rotation', 'run');
    expect(await secretNamesIn(sandbox)).toEqual(['interop-a-g1']);

    await pass(31 * DAY);
    await look();
    const staged = await done(10, 'rotation', 'run');
    expect(staged.stdout).toContain('Proved interop-b-g2 with a token');
    expect(await secretNamesIn(sandbox)).toEqual(both);

    // Nobody has pasted it: there is nothing to see.
    await pass(DAY);
    await look();
    expect((await done(5, 'rotation', 'confirm', '--evidence')).stderr).toContain(
      'there is no clear evidence',
    );
    await done(10, 'rotation', 'run');
    expect(await standing()).toMatchObject({ phase: 'staged' });

    // Pasted, and both logs are late.
    await sandbox.control({ faults: [`reportDelay=${2 * DAY}`] });
    await workspace('POST', { auditLagMs: DAY });
    await paste();
    await pass(HOUR);
    await look();
    await done(10, 'rotation', 'run');
    expect(await standing()).toMatchObject({ phase: 'staged' });

    // What comes at last contradicts itself; the next report does not.
    await pass(2 * DAY);
    await sandbox.control({ faults: ['reportContradiction=1'] });
    const contradicted = await done(10, 'rotation', 'run');
    expect(contradicted.stderr).toContain('contradiction:');
    expect(await standing()).toMatchObject({ phase: 'staged' });
    const confirming = () => project.start(['rotation', 'confirm', '--evidence'], env());
    const moments: readonly Moment[] = [
      { request: 'GET /reports/appCredentialSignInActivities' },
      { ledger: ({ confirmed }) => confirmed.online?.slot === 'b' },
    ];
    for (const moment of moments) {
      expect(await stopAt({ sandbox, project }, confirming, moment)).toMatchObject({ signal: 'SIGKILL' });
      expect(await secretNamesIn(sandbox)).toEqual(both);
    }
    await done(0, 'rotation', 'confirm', '--evidence');
    expect(await standing()).toMatchObject({ phase: 'switched', confirmed: { online: { how: 'seen' } } });

    // The old one has been silent for long enough, but no report says so.
    await sandbox.control({ clearFaults: true });
    await pass(9 * DAY);
    await look();
    for (const fault of ['reportEmpty=1', 'reportContradiction=1']) {
      await sandbox.control({ faults: [fault] });
      await done(10, 'rotation', 'run');
      expect(await secretNamesIn(sandbox)).toEqual(both);
    }
    await done(0, 'rotation', 'run');
    expect(await secretNamesIn(sandbox)).toEqual(['interop-b-g2']);
    expect(await standing()).toMatchObject({ phase: 'steady', pending: null, due: [] });
    await look();
  },
  TIMEOUT_MS,
);
