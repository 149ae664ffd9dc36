import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { applyVisibility } from '../../infra/exchange/visibility/apply.js';
import { visibilityFiles } from '../../infra/exchange/visibility/files.js';
import { GuidTable } from '../../infra/exchange/visibility/guids.js';
import { openJournal } from '../../infra/exchange/visibility/journal.js';
import { noCounts } from '../../infra/exchange/visibility/outcome.js';
import { planVisibility } from '../../infra/exchange/visibility/plan.js';
import { durationText, ProgressText } from '../../infra/exchange/visibility/progress.js';
import { makeReport, reportLines, type VisibilityReport } from '../../infra/exchange/visibility/report.js';
import { reportPage } from '../../infra/exchange/visibility/report-page.js';
import { undoVisibility } from '../../infra/exchange/visibility/undo.js';
import { UndoRecord } from '../../infra/exchange/visibility/undo-record.js';
import { temporaryFiles } from './support/temporary-files.js';
import { guidOf, mailbox, refuse, Tenant } from './support/tenant.js';

const HOSTILE = `<img src=x onerror=alert(1)>&"'\u202e\u001b[31m`;
const TARGET = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;

/** A tenant in which one mailbox fails, one is excluded and one cannot be compared. */
async function sweptTenant() {
  const tenant = new Tenant([
    mailbox(1, ['None']),
    mailbox(2, ['Editor'], { address: HOSTILE }),
    mailbox(3, ['Contributor']),
    mailbox(4, ['None']),
    mailbox(5, ['None'], { kind: 'RoomMailbox' }),
  ]);
  tenant.before = ({ cmdlet, parameters }) => {
    if (cmdlet.startsWith('Set-') && JSON.stringify(parameters).includes(guidOf(5)))
      refuse(cmdlet, 'SomeException', HOSTILE);
  };
  const files = temporaryFiles();
  const start = Date.parse('2027-01-01T00:00:00Z');
  let ticks = 0;
  const now = () => new Date(start + ticks++ * 60_000);
  const tools = { port: tenant, files, revisitAfterMs: [0], now };
  const target = { ...TARGET, exclude: [{ address: 'user4@contoso.com', reason: 'works council' }] };
  const plan = await planVisibility(tools, target, UndoRecord.empty);
  return { tenant, files, tools, target, plan };
}

describe('the report', () => {
  it('is not there before the first sweep', async () => {
    expect(await makeReport(temporaryFiles())).toBeUndefined();
  });

  it('says who has which level after the last write, and what failed', async () => {
    const { files, tools, target, plan } = await sweptTenant();
    const before = await makeReport(files);
    expect(before?.counts).toMatchObject({ lower: 2, enough: 1, incomparable: 1, excluded: 1 });
    expect(before?.written).toBeUndefined();
    await applyVisibility(tools, target, plan);
    const report = await makeReport(files);
    expect(report?.counts).toMatchObject({ raised: 1, failed: 1, enough: 1, incomparable: 1, excluded: 1 });
    const levels = Object.fromEntries((report?.rows ?? []).map(({ guid, level }) => [guid, level]));
    expect(levels).toEqual({
      [guidOf(1)]: 'LimitedDetails',
      [guidOf(2)]: 'Editor',
      [guidOf(3)]: 'Contributor',
      [guidOf(4)]: undefined,
      [guidOf(5)]: 'None',
    });
    expect(report?.rows[0]?.result).toBe('failed');
    await undoVisibility(tools, plan.record);
    const undone = await makeReport(files);
    expect(undone?.rows.find(({ guid }) => guid === guidOf(1))).toMatchObject({
      level: 'None',
      result: 'restored',
    });
  });

  it('cannot steer a terminal, whatever names and errors hold', async () => {
    const { files, tools, target, plan } = await sweptTenant();
    await applyVisibility(tools, target, plan);
    const report = (await makeReport(files)) as VisibilityReport;
    const text = reportLines(report).join('');
    expect(text).not.toMatch(/\p{C}/u);
    expect(text).toContain('works council');
    expect(text).toContain('SomeException');
  });

  it('still tells an interrupted first reading', async () => {
    const files = temporaryFiles();
    const journal = openJournal({ path: files.plan, key: 'x', now: new Date(0), table: new GuidTable() });
    journal.write({
      mailbox: { guid: guidOf(1), address: 'a@b.c', kind: 'UserMailbox' },
      result: 'enough',
      before: 'Owner',
    });
    journal.close();
    const report = await makeReport(files);
    expect(report?.read.finishedAt).toBeUndefined();
    expect(report?.levels).toEqual([{ level: 'Owner', kind: 'UserMailbox', count: 1 }]);
  });

  it('survives damaged files', async () => {
    const { files } = await sweptTenant();
    writeFileSync(files.apply, 'nonsense\n[1]\n');
    expect((await makeReport(files))?.rows.length).toBe(5);
  });
});

describe('the page', () => {
  const pageOf = (text: string) =>
    reportPage(
      {
        read: { startedAt: new Date(0), finishedAt: new Date(1), key: '' },
        written: undefined,
        counts: noCounts(),
        levels: [{ level: text, kind: text, count: 1 }],
        rows: [{ guid: guidOf(1), address: text, kind: text, level: text, result: 'failed', reason: text }],
        more: 0,
      },
      text,
    );
  const tagsOf = (page: string) => page.match(/<[^>]*>/g) ?? [];

  it('has the same elements whatever names it shows', () => {
    const plain = tagsOf(pageOf('x'));
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.constant(HOSTILE)), (text) => {
        expect(tagsOf(pageOf(text))).toEqual(plain);
      }),
    );
  });

  it('shows names as they are', () => {
    expect(pageOf(`O'Brien & <Söhne>`)).toContain('<bdi>O&#39;Brien &amp; &lt;Söhne&gt;</bdi>');
  });

  it('needs no network and no script, and serves dark mode and screen readers', () => {
    const page = pageOf('x');
    expect(page).not.toMatch(/<(script|link|img|iframe|object)|https?:|url\(|@import/i);
    expect(page).toMatch(/content="default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;"/);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('<html lang="en">');
    expect(page.match(/<caption>/g)?.length).toBe(page.match(/<table>/g)?.length);
    expect(page).toContain('<th scope="col"');
    expect(page).toContain('<th scope="row"');
  });
});

describe('progress', () => {
  const counts = noCounts();

  it('tells rate and time left once the list is complete', () => {
    const text = new ProgressText();
    expect(text.next({ done: 0, total: 500, listed: false, counts }, 0)[0]).toBe(
      '0 of at least 500 mailboxes',
    );
    expect(text.next({ done: 100, total: 10_100, listed: true, counts }, 1_000)[0]).toBe(
      '100 of 10,100 mailboxes, 100 a second, about 2 min left',
    );
    expect(
      text.next({ done: 10_100, total: 10_100, listed: true, counts: { ...counts, failed: 2 } }, 2_000)[0],
    ).toBe('10,100 of 10,100 mailboxes, 5,050 a second, 2 failed');
  });

  it('follows the rate of the last half minute', () => {
    const text = new ProgressText();
    let said = '';
    for (let second = 0; second <= 200; second++) {
      const done = second <= 100 ? second * 100 : 10_000 + (second - 100) * 5;
      [said] = text.next({ done, total: 20_000, listed: true, counts }, second * 1000);
    }
    expect(said).toContain('5.0 a second');
  });

  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [600, '10 min'],
    [7_500, '2 h 5 min'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(durationText(seconds)).toBe(words);
  });
});

describe('where files lie', () => {
  it('is apart for tenants and stacks, whatever their names are', () => {
    const env = { XDG_CACHE_HOME: '/cache', XDG_STATE_HOME: '/state' };
    const of = (tenant: string, stack: string) => visibilityFiles({ tenant, stack }, env);
    expect(of('a', 'b-c').plan).not.toBe(of('a-b', 'c').plan);
    expect(of('../..', '../x').plan).toMatch(/^\/state\/calendar-interop\/visibility\/[^/]+\/plan\.jsonl$/);
    expect(of('A.com', 'dev').folderIds).toBe(of('a.com', 'dev').folderIds);
    expect(of('a.com', 'dev').folderIds.startsWith('/cache/')).toBe(true);
  });
});
