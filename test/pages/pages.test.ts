/** The frame that all pages share, and the calendars' report as one of them, in a real Chromium. */
import fc from 'fast-check';
import type { Browser } from 'playwright-core';
import { noCounts } from '../../infra/exchange/visibility/outcome.js';
import { reportPage } from '../../infra/exchange/visibility/report-page.js';
import { servedPage } from '../../infra/pages/document.js';
import { html } from '../../infra/pages/html.js';
import { accessibilityProblems, contrastProblems } from '../support/accessibility.js';
import { launchBrowser, screenshot } from '../support/browser.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});

const REPORT = reportPage(
  {
    read: {
      startedAt: new Date('2027-03-01T08:00:00Z'),
      finishedAt: new Date('2027-03-01T08:03:00Z'),
      key: '',
    },
    written: undefined,
    counts: noCounts(),
    levels: [
      { level: 'LimitedDetails', kind: 'UserMailbox', count: 10_318 },
      { level: 'AvailabilityOnly', kind: 'UserMailbox', count: 412 },
      { level: '(not read)', kind: 'SharedMailbox', count: 2 },
    ],
    rows: [
      {
        guid: '1',
        address: 'jörg.müller-lüdenscheidt@a-rather-long-subsidiary-name.contoso.example',
        kind: 'UserMailbox',
        level: undefined,
        result: 'failed',
        reason: 'MapiExceptionLogonFailed: the mailbox is being moved',
      },
      {
        guid: '2',
        address: 'ceo@contoso.com',
        kind: 'UserMailbox',
        level: 'AvailabilityOnly',
        result: 'excluded',
        reason: 'works council',
      },
      {
        guid: '3',
        address: 'دانا@contoso.com',
        kind: 'UserMailbox',
        level: 'Contributor',
        result: 'incomparable',
        reason: undefined,
      },
      {
        guid: '4',
        address: 'ann@contoso.com',
        kind: 'UserMailbox',
        level: 'LimitedDetails',
        result: 'enough',
        reason: undefined,
      },
    ],
    more: 10_727,
  },
  'prod',
);

describe.each([
  ['light', { colorScheme: 'light' }, { width: 1200, height: 800 }],
  ['dark', { colorScheme: 'dark' }, { width: 1200, height: 800 }],
  ['narrow', { colorScheme: 'light' }, { width: 360, height: 800 }],
  ['print', { colorScheme: 'light', media: 'print' }, { width: 794, height: 1123 }],
] as const)('the report of calendars, %s', (name, media, viewport) => {
  it('has its style under its own policy, and can be read and reached by everybody', async () => {
    const page = await browser.newPage({ viewport });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.emulateMedia(media);
    await page.route('http://report.test/', (route) =>
      route.fulfill({ body: REPORT, contentType: 'text/html' }),
    );
    await page.goto('http://report.test/');
    await screenshot(page, `report-${name}`);
    expect(complaints).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.close();
  });
});

describe('templates', () => {
  it('escape whatever is put into them, in text and in attributes', async () => {
    const page = await browser.newPage();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constant(`"><b x='&amp;`)),
        async (text) => {
          await page.setContent(html`<p title="${text}">${text}</p>`.markup);
          const shown = (await page.evaluate(
            '[document.body.childNodes.length, document.querySelector("p").textContent, document.querySelector("p").title]',
          )) as [number, string, string];
          const plain = text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD').replace(/\p{Cs}/gu, '\uFFFD');
          expect(shown).toEqual([1, plain, plain]);
        },
      ),
      { numRuns: 50 },
    );
    await page.close();
  });

  it('take lists and leave nothing for what is not there', () => {
    expect(html`<i>${[html`<b>${'<'}</b>`, 1]}${undefined}${false}</i>`.markup).toBe('<i><b>&lt;</b>1</i>');
  });
});

test('a script that could end its element is refused', () => {
  const content = { title: 't', subject: 's', lead: undefined, main: undefined };
  const served = (script: string) => servedPage(content, { nonce: 'n', script, data: {} });
  expect(() => served('"</script>"')).toThrow(RangeError);
  expect(served('1')).toContain('<script nonce="n">1</script>');
});
