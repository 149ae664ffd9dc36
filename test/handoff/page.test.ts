/** The page in a real Chromium: what it keeps to itself, and what people can do with it. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { handoffSheet } from '../../infra/handoff/sheet.js';
import { accessibilityProblems, contrastProblems } from '../support/accessibility.js';
import { launchBrowser, screenshot } from '../support/browser.js';
import { manyEndpoints, NOW, SECRET, STAGED, serve, stack } from './support/hand-offs.js';

let browser: Browser;
let context: BrowserContext;
let page: Page;
const open: { close(why: string): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  await Promise.all(open.splice(0).map((server) => server.close('over')));
});

async function served(sheet = handoffSheet([stack()], NOW), options: Parameters<typeof serve>[1] = {}) {
  const made = await serve(sheet, options);
  open.push(made.server);
  return made;
}

/** Everything that the browser received and sent, as text. */
function trafficOf(watched: Page): { all(): Promise<string> } {
  const texts: Promise<string>[] = [];
  watched.on('request', (request) =>
    texts.push(
      Promise.resolve(`${request.url()} ${request.postData() ?? ''} ${JSON.stringify(request.headers())}`),
    ),
  );
  watched.on('response', (response) => {
    if (!response.url().endsWith('events')) texts.push(response.text().catch(() => ''));
  });
  return { all: async () => (await Promise.all(texts)).join('\n') };
}

const said = () => page.locator('#said');
const saying = (text: string) => page.locator('#said', { hasText: text }).waitFor();

test('neither page nor traffic holds the secret before it is asked for; it is shown, and hidden again', async () => {
  const { server, asked } = await served();
  const traffic = trafficOf(page);
  // The page's clock stands still, but for what is said here.
  await page.clock.install({ time: NOW });
  await page.goto(server.address);
  await page.clock.pauseAt(new Date(NOW.getTime() + 86_400_000));
  expect(await page.content()).not.toContain(SECRET);
  expect(await traffic.all()).not.toContain('zQ~8Q');
  expect(asked).toEqual([]);
  const show = page.getByRole('button', { name: /^Show Client secret/ }).first();
  await show.click();
  await page.getByText(SECRET).waitFor();
  expect(asked).toEqual(['prod']);
  expect(await traffic.all()).toContain('zQ~8Q');
  await page.clock.runFor(29_999);
  expect(await page.content()).toContain('zQ~8Q');
  await page.clock.runFor(1);
  expect(await page.content()).not.toContain('zQ~8Q');
  await page.clock.runFor(1_000);
  expect(await said().textContent()).toContain('hidden again');
});

test('the secret is never on paper, not even while it is shown', async () => {
  const { server } = await served();
  await page.goto(server.address);
  await page
    .getByRole('button', { name: /^Show Client secret/ })
    .first()
    .click();
  await page.getByText(SECRET).waitFor();
  await page.emulateMedia({ media: 'print' });
  expect(await page.getByText(SECRET).isVisible()).toBe(false);
  expect(await page.getByText('never printed').first().isVisible()).toBe(true);
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  expect(await page.content()).not.toContain('zQ~8Q');
});

test('values are copied by keyboard and said to screen readers; copying the secret does not show it', async () => {
  const { server } = await served();
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], {
    origin: new URL(server.address).origin,
  });
  await page.goto(server.address);
  await page
    .getByRole('button', { name: /^Copy Application \(client\) ID/ })
    .first()
    .focus();
  await page.keyboard.press('Enter');
  await saying('Application (client) ID copied.');
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(stack().registration.clientId);
  expect(await said().getAttribute('aria-live')).toBe('polite');
  await page
    .getByRole('button', { name: /^Copy Client secret/ })
    .first()
    .press('Space');
  await saying('Client secret copied.');
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(SECRET);
  expect(await page.content()).not.toContain('zQ~8Q');
});

test('ticks are kept, evidence is shown as it comes in, and proof cannot be unticked', async () => {
  const made = await served();
  await page.goto(made.server.address);
  const step = page.locator('[data-step="console"]');
  await step.getByRole('checkbox').check();
  await page.locator('[data-step="console"][data-state="done"]').waitFor();
  expect(made.progress.ticks).toHaveProperty('console');
  await page.reload();
  expect(await step.getByRole('checkbox').isChecked()).toBe(true);
  made.saw({
    ticks: {},
    sightings: [
      { kind: 'formSaved', stack: 'prod', at: '2027-03-01T08:05:00Z', what: 'saved by ann@contoso.com' },
    ],
  });
  made.server.announce('The form was saved.');
  await page.getByText('saved by ann@contoso.com').waitFor();
  const save = page.locator('[data-step^="save"]');
  expect(await save.getAttribute('data-state')).toBe('proven');
  expect(await save.getByRole('checkbox').isDisabled()).toBe(true);
});

test('it works without JavaScript for reading, and holds no secret then', async () => {
  const { server } = await served(manyEndpoints());
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const reader = await plain.newPage();
  await reader.goto(server.address);
  const text = await reader.locator('body').textContent();
  for (const value of [
    'Tenant ID',
    stack().registration.clientId,
    'https://mail.plant.contoso.com/ews/exchange.asmx',
    '--show-secrets',
  ])
    expect(text).toContain(value);
  expect(await reader.getByRole('button').count()).toBe(0);
  expect(await reader.content()).not.toContain('zQ~8Q');
  await plain.close();
});

test('nothing is asked of any other server, and nothing breaks the policy', async () => {
  const { server } = await served(manyEndpoints());
  const urls: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => urls.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(server.address);
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(urls.filter((url) => !url.startsWith(server.address))).toEqual([]);
  expect(complaints).toEqual([]);
});

test('names and values are text, whatever they hold', async () => {
  const hostile = `<img src=x onerror="document.title='taken'">&"'`;
  const made = stack({ name: hostile, registration: { ...stack().registration, clientId: hostile } });
  const { server } = await served(handoffSheet([made], NOW));
  await page.goto(server.address);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).toContain(hostile);
  expect(await page.locator('code.value', { hasText: hostile }).first().textContent()).toBe(hostile);
});

test('finishing closes it, and the page says so', async () => {
  const { server } = await served();
  await page.goto(server.address);
  await page.getByRole('button', { name: 'Finish and close' }).click();
  expect(await server.closed).toBe('finished');
  await saying('Finished');
  expect(
    await page
      .getByRole('button', { name: /^Show Client secret/ })
      .first()
      .isDisabled(),
  ).toBe(true);
});

describe.each([
  ['light', { colorScheme: 'light' }, { width: 1360, height: 900 }],
  ['dark', { colorScheme: 'dark' }, { width: 1360, height: 900 }],
  ['narrow', { colorScheme: 'light' }, { width: 360, height: 800 }],
  ['print', { colorScheme: 'light', media: 'print' }, { width: 794, height: 1123 }],
] as const)('%s', (name, media, viewport) => {
  test.each([
    ['first', manyEndpoints()],
    ['rotation', handoffSheet([stack({ ledger: STAGED })], NOW)],
  ])('the %s hand-off can be read and reached by everybody', async (occasion, sheet) => {
    const { server } = await served(sheet, { ticks: { console: '2027-03-01 08:00' } });
    await page.setViewportSize(viewport);
    await page.emulateMedia(media);
    await page.goto(server.address);
    await screenshot(page, `handoff-${occasion}-${name}`);
    expect(await contrastProblems(page)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
