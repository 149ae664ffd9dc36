/** The report as a page in a real Chromium, with texts of every kind. */
import type { Browser } from 'playwright-core';
import {
  blockedSection,
  doctorPage,
  doctorReport,
  driftSection,
  ewsSection,
  preflightSection,
  verifySection,
} from '../../infra/doctor/index.js';
import { InteropError } from '../../infra/errors.js';
import { finding } from '../../infra/verify/finding.js';
import { accessibilityProblems, contrastProblems } from '../support/accessibility.js';
import { launchBrowser, screenshot } from '../support/browser.js';

const HOSTILE = '<script>alert(1)</script>"\'&\u202e\u001b[31m';

const REPORT = doctorReport(
  { stack: 'prod', tenant: 'contoso.onmicrosoft.com' },
  new Date('2027-01-15T08:30:00Z'),
  [
    preflightSection([
      {
        id: 'permissions.graph',
        state: 'ok',
        what: 'the sign-in may make and change the registration',
        found: 'Application.ReadWrite.OwnedBy',
      },
      {
        id: 'google.interop',
        state: 'notChecked',
        what: "Google's switches of Calendar Interop",
        next: 'export GOOGLE_APPLICATION_CREDENTIALS=<key file>',
      },
    ]),
    driftSection('prod', [
      { op: 'update', type: 'CalendarVisibility', name: 'exchange-visibility', properties: ['violations'] },
      { op: 'delete', type: 'AppRoleAssignment', name: HOSTILE, properties: [] },
    ]),
    blockedSection(
      'rotation',
      new InteropError({
        kind: 'configuration',
        summary: 'Pulumi.prod.yaml has no rotation ledger',
        problems: [{ where: 'calendar-interop:rotation', what: 'is missing' }],
        next: ['calendar-interop rotation restore --stack prod'],
      }),
    ),
    ewsSection(
      'prod',
      {
        endpoints: [{ name: 'old', type: 'microsoft365-ews', domains: ['a.com'], roleAccounts: ['r@a.com'] }],
      } as never,
      new Date('2027-01-15T08:30:00Z'),
    ),
    verifySection({
      reports: [
        {
          endpoint: 'online',
          kind: 'graph',
          works: false,
          steps: [],
          findings: [
            finding(
              'CI-CALENDAR-CLOSED',
              'jörg.müller-lüdenscheidt@a-rather-long-subsidiary-name.contoso.example',
              HOSTILE,
              {
                stack: 'prod',
              },
            ),
            finding('CI-CALENDAR-BUSY-ONLY', 'دانا@contoso.com', 'Exchange shows busy times only', {
              stack: 'prod',
            }),
          ],
          attendees: [],
          requests: 1,
          seconds: 0.4,
        },
      ],
      gone: [],
      unproven: [],
      notLookedAt: [],
    }),
  ],
);

const PAGE = doctorPage(REPORT);

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
] as const)('%s: can be read and reached by everybody; texts stay texts', async (name, media, width) => {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  await page.emulateMedia(media);
  await page.route('http://report.test/', (route) => route.fulfill({ body: PAGE, contentType: 'text/html' }));
  await page.goto('http://report.test/');
  await screenshot(page, `doctor-made-up-${name}`);
  expect(complaints).toEqual([]);
  expect(await page.evaluate('document.scripts.length')).toBe(0);
  expect(await contrastProblems(page)).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  await page.close();
});

test('the verdict comes first, then the sections with their states, then each with what is not fine on top', async () => {
  const page = await browser.newPage();
  await page.setContent(PAGE);
  expect(await page.locator('h2').allTextContents()).toEqual([
    'Verdict',
    'Sections',
    'Preflight fine',
    'Drift fault',
    'Rotation of the secret not checked',
    'End of EWS to do',
    'Look-ups as Google makes them fault',
  ]);
  expect(await page.locator('section[aria-labelledby="verdict"]').textContent()).toContain(
    '2 sections have a fault: Drift, Look-ups as Google makes them.',
  );
  const tree = await page.locator('body').ariaSnapshot();
  expect(tree).toContain('heading "State of the stack: prod" [level=1]');
  expect(tree).toContain('- main');
  expect(tree).toMatch(/region "Drift fault"/);
  expect(tree).toMatch(/columnheader "Found, and what to do"/);
  expect(tree).toMatch(/rowheader "fault CalendarVisibility exchange-visibility was changed behind our back/);
  const states = await page.locator('#preflight tbody .badge').allTextContents();
  expect(states).toEqual(['not checked', 'fine']);
  const commands = await page.locator('#drift tbody code').allTextContents();
  expect(commands).toContain('calendar-interop up --refresh --stack prod   # makes it as declared');
  await page.close();
});
