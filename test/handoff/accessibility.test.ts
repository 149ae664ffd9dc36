/** The page as a screen reader, a keyboard and tired eyes have it: from Chromium's own accessibility tree. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { handoffSheet } from '../../infra/handoff/sheet.js';
import { edgeProblems } from '../support/accessibility.js';
import { launchBrowser } from '../support/browser.js';
import { manyEndpoints, NOW, SECRET, STAGED, serve, stack } from './support/hand-offs.js';

let browser: Browser;
let context: BrowserContext;
let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
afterEach(async () => {
  await context.close();
  await close();
});

async function open(sheet = manyEndpoints(), viewport = { width: 1360, height: 900 }) {
  const made = await serve(sheet);
  close = () => made.server.close('over');
  context = await browser.newContext({ viewport });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], {
    origin: new URL(made.server.address).origin,
  });
  page = await context.newPage();
  await page.goto(made.server.address);
  return made;
}

interface Node {
  readonly role: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What the browser tells assistive technology, in the order of the document. */
async function accessibilityTree(): Promise<readonly Node[]> {
  const session = await context.newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, properties = [] }) => ({
      role: String(role?.value),
      name: String(name?.value ?? '').trim(),
      properties: Object.fromEntries(properties.map((one) => [one.name, one.value.value])),
    }));
}

const withRole = (nodes: readonly Node[], role: string) => nodes.filter((node) => node.role === role);

test('landmarks, headings and tables are there, in order, and have names', async () => {
  await open();
  const nodes = await accessibilityTree();
  expect(withRole(nodes, 'banner')).toHaveLength(1);
  expect(withRole(nodes, 'main')).toHaveLength(1);
  expect(withRole(nodes, 'region').map(({ name }) => name)).toEqual([
    'Steps',
    'Values for the form',
    'Expiry and rotation',
  ]);
  const levels = withRole(nodes, 'heading').map(({ properties }) => Number(properties.level));
  expect(levels.filter((level) => level === 1)).toEqual([1]);
  for (const [index, level] of levels.entries())
    expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
  expect(withRole(nodes, 'article').map(({ name }) => name)).toEqual([
    'Endpoint online of stack prod',
    'Endpoint plant of stack prod',
    'Endpoint partner of stack fabrikam',
  ]);
  expect(withRole(nodes, 'table').map(({ name }) => name)).toEqual([
    'Secrets of stack prod, as of 2027-03-01',
    'Secrets of stack fabrikam, as of 2027-03-01',
  ]);
});

test('everything that can be used has a name of its own, which begins with what is seen', async () => {
  await open();
  const nodes = await accessibilityTree();
  const controls = ['button', 'checkbox', 'link'].flatMap((role) => withRole(nodes, role));
  expect(controls.length).toBeGreaterThan(40);
  expect(controls.filter(({ name }) => name === '')).toEqual([]);
  const names = controls.filter(({ role }) => role !== 'link').map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const seen = await page.getByRole('button').evaluateAll(
    // biome-ignore lint/suspicious/noExplicitAny: runs in the browser, whose types are not known here.
    (buttons: any[]) =>
      buttons.map((button) => [button.textContent, button.getAttribute('aria-label') ?? button.textContent]),
  );
  for (const [text, name] of seen as [string, string][]) expect(name.startsWith(text)).toBe(true);
});

test('copying, showing and hiding are said in a live region', async () => {
  await open(handoffSheet([stack()], NOW));
  const said = async () => withRole(await accessibilityTree(), 'status');
  expect(await said()).toMatchObject([{ properties: { live: 'polite' } }]);
  const saying = (text: string) => page.locator('[role=status]', { hasText: text }).waitFor();
  await page
    .getByRole('button', { name: /^Copy Token/ })
    .first()
    .click();
  await saying('Token endpoint URL copied.');
  await page
    .getByRole('button', { name: /^Show Client/ })
    .first()
    .click();
  await saying('The secret is shown for 30 seconds.');
  await page.getByRole('button', { name: /^Hide Client/ }).click();
  await saying('The secret is hidden again.');
  expect((await accessibilityTree()).some(({ name }) => name.includes(SECRET))).toBe(false);
});

test('a hidden secret is said to be hidden', async () => {
  await open(handoffSheet([stack()], NOW));
  const snapshot = await page.getByRole('article').ariaSnapshot();
  expect(snapshot).toMatch(/term: Client secret\n\s+- definition:\s+(- code: hidden|.*hidden)/);
});

/** Presses Tab until the control with this name has the focus. */
async function tabTo(name: RegExp): Promise<void> {
  for (let count = 0; count < 200; count++) {
    await page.keyboard.press('Tab');
    const focused = String(
      await page.evaluate(
        `document.activeElement.getAttribute('aria-label') ?? (document.activeElement.closest('label') ?? document.activeElement).textContent`,
      ),
    ).trim();
    if (name.test(focused)) return;
  }
  throw new Error(`the tab key never reaches ${name}`);
}

test('the whole hand-over works by keyboard alone', async () => {
  const { server, progress } = await open(handoffSheet([stack()], NOW)).then((made) => ({
    server: made.server,
    progress: () => made.progress,
  }));
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  await tabTo(/^I have done this: Open the page/);
  await page.keyboard.press('Space');
  await page.locator('[data-step="console"][data-state="done"]').waitFor();
  expect(progress().ticks).toHaveProperty('console');
  await tabTo(/^Its values/);
  await page.keyboard.press('Enter');
  await tabTo(/^Copy Application \(client\) ID/);
  await page.keyboard.press('Enter');
  await page.locator('#said', { hasText: 'copied' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(stack().registration.clientId);
  await tabTo(/^Show Client secret/);
  await page.keyboard.press('Enter');
  await page.getByText(SECRET).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText(SECRET).waitFor({ state: 'detached' });
  await tabTo(/^Finish and close/);
  await page.keyboard.press('Enter');
  expect(await server.closed).toBe('finished');
});

test.each([
  ['wide', { width: 1360, height: 900 }],
  ['narrow', { width: 360, height: 640 }],
])('what has the focus is never hidden behind the line at the bottom (%s)', async (_, viewport) => {
  await open(manyEndpoints(), viewport);
  const count = Number(
    await page.evaluate(`document.querySelectorAll('a[href], button, input, [tabindex="0"]').length`),
  );
  const hidden: unknown[] = [];
  for (let index = 0; index < count; index++) {
    await page.keyboard.press('Tab');
    const covered = await page.evaluate(`(() => {
      const focused = document.activeElement;
      const notice = document.querySelector('.notice');
      if (notice.contains(focused) || focused === document.body) return '';
      const [box, line] = [focused.getBoundingClientRect(), notice.getBoundingClientRect()];
      const isSeen = box.top < Math.min(line.top, innerHeight) && box.bottom > 0;
      return isSeen ? '' : focused.outerHTML;
    })()`);
    if (covered !== '') hidden.push(covered);
  }
  expect(hidden).toEqual([]);
});

test('nothing moves for people who asked for less motion', async () => {
  await open();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const moving = `[...document.querySelectorAll('*')].filter((one) => {
    const style = getComputedStyle(one);
    return style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => time !== '0s') || style.scrollBehavior !== 'auto';
  }).length`;
  expect(await page.evaluate(moving)).toBe(0);
  // The look would find something: there is motion for everybody else.
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await page.evaluate(moving)).toBeGreaterThan(0);
});

test.each(['light', 'dark'] as const)('edges of controls can be seen (%s)', async (colorScheme) => {
  await open();
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  expect(await edgeProblems(page)).toEqual([]);
});

test('on a narrow screen the timeline shows every state without being scrolled', async () => {
  await open(handoffSheet([stack({ ledger: STAGED })], NOW), { width: 360, height: 800 });
  const overflow = `[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)`;
  expect(await page.evaluate(overflow)).toEqual([0]);
  expect(await page.getByRole('cell', { name: 'valid' }).last().isVisible()).toBe(true);
});
