/**
 * The hand-off from end to end: a stack is brought up on the engine, its values are printed and served to a real browser, a person's
 * steps at Google are played in the sandbox, and the watch finds what they leave behind.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { stringify } from 'yaml';
import type { Step } from '../../infra/handoff/checklist.js';
import type { HandoffSheet } from '../../infra/handoff/sheet.js';
import { launchBrowser } from '../support/browser.js';
import { PastedSecret } from '../support/pasted-secret.js';
import { makeProject, type RunningCommand, type TestProject } from '../support/project.js';
import { registrationIn } from '../support/registration.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { filesBelow, PROCESS_MARK, placesWith, watchProcesses } from '../support/secret-search.js';

jest.setTimeout(900_000);

/** The tenant of stack `test` and that of its partner. */
let sandbox: TestSandbox;
let partner: TestSandbox;
let project: TestProject;
let browser: Browser;
let env: NodeJS.ProcessEnv;
/** What was pasted into Google's form. */
let secret: string;

beforeAll(async () => {
  [sandbox, partner, browser] = await Promise.all([
    startTestSandbox({ seed: 1 }),
    startTestSandbox({ seed: 2 }),
    launchBrowser(),
  ]);
  project = await makeProject({ info: sandbox.sandbox.info });
  const workspace = await google('GET');
  writeFileSync(join(project.root, 'google.json'), JSON.stringify(workspace.serviceAccount));
  const certificates = join(project.root, 'both.pem');
  const files = [project.env.SSL_CERT_FILE ?? '', partner.sandbox.info.caFile];
  writeFileSync(certificates, files.map((file) => readFileSync(file, 'utf8')).join('\n'));
  env = {
    ...PROCESS_MARK,
    GOOGLE: join(project.root, 'google.json'),
    SSL_CERT_FILE: certificates,
  };
  await project.configure({
    'calendar-interop:google': { credentials: 'GOOGLE', subject: 'admin@contoso.com', url: workspace.url },
  });
  expect(await project.run(['up'], env)).toMatchObject({ code: 0 });
  secret = await project.secretNamed('interop-a-g1');
});
afterAll(async () => {
  await project.dispose();
  await Promise.all([sandbox.dispose(), partner.dispose(), browser.close()]);
});

/** Google as the sandbox plays it: GET tells about it, POST makes something happen there. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
async function google(method: 'GET' | 'POST', body?: object): Promise<any> {
  const answer = await sandbox.request('/sandbox/google', {
    method,
    headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body;
}

interface HandoffJson extends HandoffSheet {
  readonly steps: readonly Step[];
}

async function handoffJson(...args: readonly string[]): Promise<HandoffJson> {
  const { code, value } = await project.json(['handoff', ...args], env);
  expect(code).toBe(0);
  return value as HandoffJson;
}

/** States of the steps by the first word of their ids. */
function statesOf({ steps }: HandoffJson): Record<string, string> {
  return Object.fromEntries(steps.map(({ id, state }) => [id.split(':')[0] ?? '', state]));
}

/** The values that a person must find, by label, with the secret as `hidden`. */
async function valuesOf(tenant: TestSandbox, hidden: string): Promise<readonly (readonly string[])[]> {
  const { info } = tenant.sandbox;
  return [
    ['Exchange Web Services URL', 'https://outlook.office365.com/ews/exchange.asmx'],
    ['Exchange role accounts', 'interop@contoso.com'],
    ['Token endpoint URL', `${info.authority}/${info.domain}/oauth2/v2.0/token`],
    ['Application (client) ID', (await registrationIn(tenant)).appId],
    ['Client secret', hidden],
  ];
}

/** Waits until a command has printed the address of its page. */
async function addressOf(command: RunningCommand): Promise<string> {
  for (;;) {
    const [found] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(command.stdout()) ?? [];
    if (found !== undefined) return found;
    if (command.child.exitCode !== null) throw new Error((await command.ended).stderr);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function openPage(address: string): Promise<Page> {
  const context = await browser.newContext();
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(address).origin });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** Expects the secret nowhere but in the state, where Pulumi encrypts it. */
async function expectSecrecy(command: RunningCommand, processes: string): Promise<void> {
  const { stdout, stderr } = await command.ended;
  expect(processes).toContain('handoff');
  const places = { stdout, stderr, processes, ...filesBelow(project.root) };
  expect(placesWith(secret, places)).toEqual([]);
}

const stepIn = (page: Page, id: string) => page.locator(`[data-step^="${id}"]`);
const provenIn = (page: Page, id: string) =>
  page.locator(`[data-step^="${id}"][data-state="proven"]`).waitFor({ timeout: 60_000 });

test('the values are those of the state; what is not done is open; the secret is hidden', async () => {
  const { code, stdout } = await project.run(['handoff'], env);
  expect(code).toBe(0);
  for (const [label = '', value = ''] of await valuesOf(sandbox, '(hidden)'))
    expect(stdout).toMatch(new RegExp(`${escaped(label)} +${escaped(value)}\n`));
  expect(stdout).toContain('Secret of stack test: interop-a-g1 (current), ends ');
  expect(stdout).toMatch(/✓✓ Registration and secret of stack test exist/);
  expect(stdout).toContain('1 of 10 steps done, 1 of them proven');

  const json = await handoffJson();
  const fields = json.endpoints[0]?.forms[0]?.fields.map(({ label, kind, value }) => [
    label,
    kind === 'secret' ? (value ?? 'left out') : value,
  ]);
  expect(fields).toEqual(await valuesOf(sandbox, 'left out'));
  expect(statesOf(json)).toEqual({
    provisioned: 'proven',
    console: 'open',
    availability: 'open',
    endpoint: 'open',
    details: 'open',
    rooms: 'open',
    save: 'open',
    signIn: 'open',
    lookUp: 'open',
    confirm: 'open',
  });
  expect(placesWith(secret, { stdout, json: JSON.stringify(json) })).toEqual([]);
  expect(JSON.stringify(await handoffJson('--show-secrets'))).toContain(JSON.stringify(secret));
});

test('the page serves one browser, shows the secret on request only, keeps ticks, and is gone when it is finished', async () => {
  const command = project.start(['handoff', '--page'], env);
  const processes = watchProcesses(command);
  const address = await addressOf(command);
  const page = await openPage(address);

  for (const [label = '', value = ''] of (await valuesOf(sandbox, 'hidden')).slice(0, -1)) {
    const row = page.locator('.field', { has: page.locator('dt', { hasText: label }) }).first();
    expect(await row.locator('code').textContent()).toBe(value);
  }
  expect(placesWith(secret, { page: await page.content() })).toEqual([]);
  await page.getByRole('button', { name: /^Show Client secret/ }).click();
  await page.getByText(secret, { exact: true }).waitFor();
  await page.getByRole('button', { name: /^Hide Client secret/ }).click();
  await page.getByText(secret, { exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Copy Client secret/ }).click();
  await page.locator('#said', { hasText: 'Client secret copied.' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret);

  // Whoever learns the address later gets nothing, not even with the secret's own request.
  const { status } = await fetch(address);
  expect(status).toBe(410);
  const stranger = await browser.newContext();
  expect((await stranger.request.post(`${address}secret`, { data: { stack: 'test' } })).status()).toBe(410);

  await stepIn(page, 'console').getByRole('checkbox').check();
  await page.locator('[data-step="console"][data-state="done"]').waitFor();
  expect(await page.locator('#progress').textContent()).toBe('2 of 10 steps done, 1 of them proven');
  await page.getByRole('button', { name: 'Finish and close' }).click();
  expect(await command.ended).toMatchObject({ code: 0 });
  await expect(fetch(address)).rejects.toThrow();
  await expectSecrecy(command, await processes);
  const later = await handoffJson();
  expect(statesOf(later)).toMatchObject({ console: 'done', endpoint: 'open' });
  await page.context().close();
});

test('the watch ticks off what Google and Microsoft have seen, as it comes, and then ends with the page', async () => {
  const command = project.start(['handoff', '--page', '--watch', '--timeout', '5'], env);
  const processes = watchProcesses(command);
  const page = await openPage(await addressOf(command));
  await page.locator('#said', { hasText: 'Waiting for evidence.' }).waitFor();
  // A sign-in right after the secret was made may be our own: only a later one counts.
  await sandbox.control({ clock: { advanceMs: 20 * 60_000 } });

  await google('POST', {
    saveForm: { url: 'https://outlook.office365.com/ews/exchange.asmx', roleAccount: 'interop@contoso.com' },
  });
  await provenIn(page, 'save:');
  expect(await stepIn(page, 'lookUp:').getAttribute('data-state')).toBe('open');
  expect(await stepIn(page, 'signIn:').getAttribute('data-state')).toBe('open');

  const pasted = new PastedSecret(sandbox);
  pasted.paste((await registrationIn(sandbox)).appId, secret);
  expect(await pasted.works()).toBe(true);
  await google('POST', {
    lookUp: { calendar: 'ann@contoso.com', url: 'https://outlook.office365.com/ews/exchange.asmx' },
  });
  await provenIn(page, 'signIn:');
  await provenIn(page, 'lookUp:');
  const { code, stdout } = await command.ended;
  expect(code).toBe(0);
  for (const text of [
    'the form was saved: saved with interop@contoso.com',
    'Google signs in with this secret: interop-a-g1 signed in',
    'a look-up succeeded: ann@contoso.com was looked up',
    'next: calendar-interop rotation confirm --stack test',
  ])
    expect(stdout).toContain(text);
  await page.locator('#said', { hasText: 'its values stay readable' }).waitFor();
  await expectSecrecy(command, await processes);
  expect(statesOf(await handoffJson())).toMatchObject({
    console: 'done',
    save: 'proven',
    signIn: 'proven',
    lookUp: 'proven',
    endpoint: 'open',
    confirm: 'open',
  });
  await page.context().close();
});

test('the ledger counts for the steps, and a new secret begins them anew', async () => {
  expect((await project.run(['rotation', 'confirm'], env)).code).toBe(0);
  expect(statesOf(await handoffJson())).toMatchObject({ endpoint: 'done', confirm: 'done', save: 'proven' });

  // `stage` refuses to go by a clock that is not the tenant's.
  await sandbox.control({ clock: { advanceMs: -20 * 60_000 } });
  expect((await project.run(['rotation', 'stage'], env)).code).toBe(0);
  const staged = await handoffJson();
  expect(staged.occasion).toBe('rotation');
  expect(staged.stacks[0]?.secret).toMatchObject({ name: 'interop-b-g2', staged: true });
  expect(staged.stacks[0]?.lives.map(({ name, role }) => [name, role])).toEqual([
    ['interop-a-g1', 'current'],
    ['interop-b-g2', 'staged'],
  ]);
  expect(statesOf(staged)).toEqual({
    provisioned: 'proven',
    console: 'open',
    endpoint: 'open',
    save: 'open',
    signIn: 'open',
    lookUp: 'open',
    confirm: 'open',
  });
});

test('the endpoints of two tenants are joined, and a domain that both claim is refused', async () => {
  const { info } = partner.sandbox;
  const deployer = info.clients.find(({ name }) => name === 'deployer');
  const file = join(project.folder, 'Pulumi.partner.yaml');
  const config = {
    'azuread:metadataHost': info.metadataHost,
    'azuread:tenantId': info.tenantId,
    'azuread:clientId': deployer?.clientId,
    'calendar-interop:tenant': info.domain,
    'calendar-interop:protocol': 'graph',
    'calendar-interop:registration': { displayName: 'Interop under test' },
    'calendar-interop:exchange': { url: info.exchange },
    'calendar-interop:endpoints': [
      {
        name: 'partner',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  };
  writeFileSync(file, stringify({ config }, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' }));
  const theirs = { ...env, ARM_CLIENT_SECRET: deployer?.clientSecret ?? '' };
  const up = async () => expect((await project.run(['up', '--stack', 'partner'], theirs)).code).toBe(0);
  await up();
  const refused = await project.run(['handoff', '--stack', 'test', '--stack', 'partner'], env);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('endpoint online of stack test and endpoint partner of stack partner');

  // The file holds more by now: the ledger and the salt of Pulumi's encryption.
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('contoso.com', 'fabrikam.com'));
  await up();

  const joined = await handoffJson('--stack', 'test', '--stack', 'partner');
  expect(joined.endpoints.map(({ stack, name, forms }) => [stack, name, forms[0]?.formType])).toEqual([
    ['test', 'online', 'Microsoft 365 (Legacy EWS)'],
    ['partner', 'partner', 'Microsoft 365 (Graph API)'],
  ]);
  const clientIds = joined.stacks.map(({ clientId }) => clientId);
  expect(clientIds).toEqual([(await registrationIn(sandbox)).appId, (await registrationIn(partner)).appId]);
  expect(joined.stacks.map(({ tenantId }) => tenantId)).toEqual([
    sandbox.sandbox.info.tenantId,
    info.tenantId,
  ]);
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
