/** `doctor` on the real engine: a stack that is well, one that was broken behind Pulumi's back, and one that cannot be looked at. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { SECTION_IDS, STATES } from '../../infra/doctor/index.js';
import { accessibilityProblems, contrastProblems } from '../support/accessibility.js';
import { launchBrowser, screenshot } from '../support/browser.js';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { placesWith } from '../support/secret-search.js';
import { setRight } from '../verify/support/world.js';

let sandbox: TestSandbox;
let project: TestProject;

beforeAll(async () => {
  sandbox = await startTestSandbox({ mailboxes: 12 });
  project = await makeProject({ info: sandbox.sandbox.info });
  await project.configure({
    'calendar-interop:protocol': 'graph',
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    'calendar-interop:visibility': { scope: { all: true } },
  });
  expect((await project.run(['up'])).code).toBe(0);
});
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

const item = z.strictObject({
  state: z.enum(STATES),
  id: z.string().min(1),
  what: z.string().min(1),
  about: z.array(z.string()).optional(),
  found: z.string().optional(),
  allowed: z.string().optional(),
  next: z.array(z.string()),
});

/** What programs may rely on. */
const reportSchema = z.strictObject({
  stack: z.literal('test'),
  tenant: z.string(),
  at: z.iso.datetime(),
  verdict: z.strictObject({
    state: z.enum(['ok', 'attention', 'fault', 'incomplete']),
    exitCode: z.int(),
    words: z.string(),
    next: z.array(z.string()),
  }),
  sections: z.array(
    z.strictObject({
      id: z.enum(SECTION_IDS),
      state: z.enum(STATES),
      summary: z.string().min(1),
      items: z.array(item).min(1),
      next: z.array(z.string()),
      failure: z.string().optional(),
    }),
  ),
  leftOut: z.array(z.enum(SECTION_IDS)),
});

async function doctor(args: readonly string[] = [], more: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await project.run(['doctor', '--json', ...args], more);
  const parsed = reportSchema.safeParse(JSON.parse(stdout));
  if (!parsed.success) throw new Error(`${parsed.error.message}\n${stdout}`);
  const report = parsed.data;
  expect(code).toBe(report.verdict.exitCode);
  const states = Object.fromEntries(report.sections.map(({ id, state }) => [id, state]));
  const section = (wanted: string) => report.sections.find(({ id }) => id === wanted);
  return { code, report, states, section, said: { stdout, stderr } };
}

/** Whom `verify` asks about by itself. */
async function lookedUp(): Promise<readonly string[]> {
  return addressesIn((await project.json(['verify'])).value);
}

function addressesIn(report: unknown): readonly string[] {
  const { endpoints } = report as { endpoints: { attendees: { address: string }[] }[] };
  return endpoints.flatMap(({ attendees }) => attendees.map(({ address }) => address));
}

/** Everything that could have been written to: the tenant, the state, the stack's file. */
async function everything() {
  return {
    tenant: JSON.stringify(await sandbox.state()),
    state: await project.stateFile(),
    file: readFileSync(project.stackFile, 'utf8'),
  };
}

/** The secrets in slots, as the ledger has them. */
async function slots(): Promise<Record<'a' | 'b', { readonly keyId: string }>> {
  const { value } = await project.json(['rotation', 'status']);
  return (value as { slots: Record<'a' | 'b', { keyId: string }> }).slots;
}

/** When each key of the registration signed in last, as Microsoft reports it. */
async function signIns(): Promise<Readonly<Record<string, string>>> {
  const { body } = await sandbox.graph('GET', '/beta/reports/appCredentialSignInActivities');
  const activities: { keyId: string; signInActivity: { lastSignInDateTime: string } }[] = body.value;
  return Object.fromEntries(
    activities.map(({ keyId, signInActivity }) => [keyId, signInActivity.lastSignInDateTime]),
  );
}

test('a secret that Google is not known to hold is left alone: something is due, and nothing is broken', async () => {
  const { code, states, section } = await doctor(['--skip', 'preflight', '--skip', 'drift']);
  expect(code).toBe(10);
  expect(states).toEqual({ rotation: 'attention', ews: 'ok', verify: 'notChecked' });
  expect(section('verify')?.next).toContain(
    'calendar-interop rotation confirm online --stack test   # once it is pasted',
  );
  const { a: first } = await slots();
  expect(Object.keys(await signIns())).not.toContain(first.keyId);
});

test('a stack that is well: all sections fine, exit code 0, nothing written', async () => {
  expect((await project.run(['rotation', 'confirm'])).code).toBe(0);
  const before = await everything();
  const { code, report, states, section, said } = await doctor();
  expect(report.verdict).toEqual({ state: 'ok', exitCode: 0, words: 'all is well', next: [] });
  expect(code).toBe(0);
  expect(states).toEqual({ preflight: 'ok', drift: 'ok', rotation: 'ok', ews: 'ok', verify: 'ok' });
  expect(section('verify')?.summary).toBe('1 of 1 endpoint works');
  expect(await everything()).toEqual(before);
  for (const secret of await project.secrets()) expect(placesWith(secret, said)).toEqual([]);
});

test('a staged secret is not used, neither by a look-up nor otherwise', async () => {
  expect((await project.run(['rotation', 'stage'])).code).toBe(0);
  const { a, b } = await slots();
  const before = await signIns();
  const { code, states } = await doctor(['--section', 'rotation', '--section', 'verify']);
  expect({ code, states }).toEqual({ code: 10, states: { rotation: 'attention', verify: 'ok' } });
  const after = await signIns();
  expect(after[b.keyId]).toBe(before[b.keyId]);
  expect(after[a.keyId]).not.toBe(before[a.keyId]);
});

test('somebody who has left since the last sweep is no fault of the endpoint', async () => {
  const [person, ...others] = await lookedUp();
  expect((await sandbox.graph('DELETE', `/users/${person}`)).status).toBe(204);
  const { code, stdout, stderr } = await project.run(['verify', '--json']);
  expect(stderr).toContain(`Exchange does not know ${person} of the last sweep any more; left out`);
  expect(code).toBe(0);
  expect(addressesIn(JSON.parse(stdout))).toEqual(others);
  expect(JSON.parse(stdout).gone).toEqual([{ endpoint: 'online', addresses: [person] }]);
  const { states, section } = await doctor(['--section', 'verify']);
  expect(states).toEqual({ verify: 'ok' });
  expect(section('verify')?.items).toContainEqual(
    expect.objectContaining({ id: 'verify.gone', about: [person] }),
  );
  expect((await project.run(['verify', '--attendee', person ?? ''])).code).toBe(11);
});

test('without a sign-in the rest is looked at all the same; who cannot look says why', async () => {
  const { code, states, section } = await doctor([], { ARM_CLIENT_SECRET: 'wrong' });
  expect(code).toBe(3);
  expect(states).toEqual({
    preflight: 'notChecked',
    drift: 'notChecked',
    rotation: 'attention',
    ews: 'ok',
    verify: 'ok',
  });
  expect(section('drift')).toMatchObject({ failure: 'authentication' });
  expect(section('drift')?.summary).toContain('AADSTS7000215');
});

const PAGE = () => join(project.root, 'report.html');

test('what was broken behind our back: exit code 12, each fault in its section, with the commands', async () => {
  await lowerSomebody();
  await removeConsent();
  const { code, report, states, section, said } = await doctor(['--html', PAGE()]);
  expect(code).toBe(12);
  expect(states).toEqual({
    preflight: 'ok',
    drift: 'fault',
    rotation: 'attention',
    ews: 'ok',
    verify: 'fault',
  });
  expect(report.verdict.words).toBe('2 sections have a fault: Drift, Look-ups as Google makes them');
  const faults = (id: string) => section(id)?.items.filter(({ state }) => state === 'fault');
  expect(faults('drift')?.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      'CalendarVisibility exchange-visibility was changed behind our back',
      'AppRoleAssignment interop-Calendars.Read was deleted behind our back',
    ]),
  );
  expect(section('drift')?.next[0]).toContain('calendar-interop up --refresh --stack test');
  expect(faults('verify')).toMatchObject([{ id: 'CI-CONSENT-MISSING' }]);
  expect(section('verify')?.next).toContain('calendar-interop up --refresh --stack test');
  const page = readFileSync(PAGE(), 'utf8');
  expect(statSync(PAGE()).mode & 0o777).toBe(0o600);
  const secrets = [...(await project.secrets()), project.env.ARM_CLIENT_SECRET ?? ''];
  for (const secret of secrets) expect(placesWith(secret, { ...said, page })).toEqual([]);
});

describe('the page of it, in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  test.each([
    ['light', { colorScheme: 'light' }, 1200],
    ['dark', { colorScheme: 'dark' }, 1200],
    ['narrow', { colorScheme: 'light' }, 360],
    ['print', { colorScheme: 'light', media: 'print' }, 794],
  ] as const)(
    '%s: read and reached by everybody, with nothing from the network',
    async (name, media, width) => {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      const requests: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      page.on('console', (message) => complaints.push(message.text()));
      await page.emulateMedia(media);
      await page.goto(`file://${PAGE()}`);
      await screenshot(page, `doctor-${name}`);
      expect(requests).toEqual([`file://${PAGE()}`]);
      expect(complaints).toEqual([]);
      expect(await contrastProblems(page)).toEqual([]);
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      const tree = await page.locator('body').ariaSnapshot();
      expect(tree).toContain('heading "State of the stack: test" [level=1]');
      expect(tree).toContain('- main');
      expect(tree).toMatch(/region "Drift fault"/);
      expect(tree).toMatch(/columnheader "Found, and what to do"/);
      expect(tree).toMatch(/rowheader "fault AppRoleAssignment interop-Calendars\.Read was deleted/);
      await page.close();
    },
  );
});

test('without a network the ledger is read all the same', async () => {
  await sandbox.sandbox.stop();
  const { code, states } = await doctor(['--skip', 'drift']);
  expect(code).toBe(3);
  expect(states).toEqual({ preflight: 'notChecked', rotation: 'attention', ews: 'ok', verify: 'notChecked' });
});

/** Somebody whose calendar the sweep opened. */
async function lowerSomebody(): Promise<void> {
  const port = openSandboxPort(sandbox);
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  const person = rows.find(({ PrimarySmtpAddress }) => PrimarySmtpAddress !== 'interop@contoso.com');
  await setRight(port, person?.PrimarySmtpAddress ?? '', 'None');
  await port.close();
}

async function removeConsent(): Promise<void> {
  const { body } = await sandbox.graph(
    'GET',
    "/servicePrincipals?$filter=displayName eq 'Interop under test'",
  );
  const assignments = `/servicePrincipals/${body.value[0].id}/appRoleAssignments`;
  const [consent] = (await sandbox.graph('GET', assignments)).body.value;
  const path = `/servicePrincipals/${consent.resourceId}/appRoleAssignedTo/${consent.id}`;
  expect((await sandbox.graph('DELETE', path)).status).toBe(204);
}
