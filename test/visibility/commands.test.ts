import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stringify } from 'yaml';
import { parseStackConfig } from '../../infra/config.js';
import {
  applyVisibility,
  type Counts,
  noCounts,
  planVisibility,
  UndoRecord,
} from '../../infra/exchange/visibility/index.js';
import type { CommandContext } from '../../scripts/command-context.js';
import { visibilityApply } from '../../scripts/commands/visibility-apply.js';
import { visibilityPlan } from '../../scripts/commands/visibility-plan.js';
import { visibilityReport } from '../../scripts/commands/visibility-report.js';
import { filesOf, follow } from '../../scripts/commands/visibility-shared.js';
import { visibilityStatus } from '../../scripts/commands/visibility-status.js';
import { visibilityUndo } from '../../scripts/commands/visibility-undo.js';
import type { OpenStack } from '../../scripts/open-stack.js';
import { chooseStack, findProject } from '../../scripts/project.js';
import { readStackFile, stackConfigOf } from '../../scripts/stack-file.js';
import { Terminal } from '../../scripts/terminal.js';
import { validConfig } from '../config/valid-config.js';
import { temporaryFolder } from './support/temporary-files.js';
import { guidOf, mailbox, refuse, Tenant } from './support/tenant.js';

// The engine and the sign-in have tests of their own: here the stack is open already.
jest.mock('../../scripts/open-stack.js', () => ({
  openStack: async (context: CommandContext) => {
    const stack = chooseStack(findProject(context.cwd), context.stack, context.env);
    const raw = stackConfigOf(readStackFile(stack.file));
    return { stack, config: parseStackConfig(raw.ours, raw.azuread) } as Partial<OpenStack>;
  },
}));

const VISIBILITY = { level: 'LimitedDetails', scope: { all: true } };

function project(change: Record<string, unknown> = { visibility: VISIBILITY }) {
  const root = temporaryFolder();
  const folder = join(root, 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
  const config = Object.fromEntries(
    Object.entries(validConfig(change)).map(([key, value]) => [`calendar-interop:${key}`, value]),
  );
  const azuread = { 'azuread:tenantId': '11111111-2222-3333-4444-555555555555' };
  writeFileSync(join(folder, 'Pulumi.dev.yaml'), stringify({ config: { ...azuread, ...config } }));
  const env = { XDG_CACHE_HOME: join(root, 'cache'), XDG_STATE_HOME: join(root, 'state') };
  let text = '';
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const terminal = new Terminal({ stdout: stream, stderr: stream, json: false, color: false });
  const { signal } = new AbortController();
  const context = { terminal, env, cwd: folder, signal, stack: 'dev' } as unknown as CommandContext;
  return { context, folder, env, text: () => text };
}

const threeMailboxes = () =>
  new Tenant([mailbox(1, ['None']), mailbox(2, ['Editor']), mailbox(3, ['AvailabilityOnly'])]);

function wiringOf(tenant: Tenant, saved = UndoRecord.empty) {
  let closed = 0;
  return {
    openPort: async () => Object.assign(tenant, { close: async () => void closed++ }),
    savedRecord: async () => saved,
    closed: () => closed,
  };
}

describe('visibility plan', () => {
  it('says what would change and what to run next, writes nothing and closes what it opened', async () => {
    const { context, text } = project();
    const tenant = threeMailboxes();
    const wiring = wiringOf(tenant);
    const result = await visibilityPlan(context, { exitCode: false }, wiring);
    expect(text()).toContain('2 of 3 calendars would change.');
    expect(text()).toContain('calendar-interop visibility apply --stack dev');
    expect(result).toMatchObject({ exitCode: 0, json: { counts: { lower: 2, enough: 1 }, recorded: 2 } });
    expect(tenant.writes).toEqual([]);
    expect(wiring.closed()).toBe(1);
  });

  it('ends with 7 for a scheduler that asks, where calendars would be raised', async () => {
    const { context } = project();
    const watched = (tenant: Tenant) => visibilityPlan(context, { exitCode: true }, wiringOf(tenant));
    expect((await watched(threeMailboxes())).exitCode).toBe(7);
    expect((await watched(new Tenant([mailbox(1, ['Editor'])]))).exitCode).toBe(0);
  });

  it('fails with the reasons where mailboxes failed, although all others were read', async () => {
    const { context, text } = project();
    const tenant = threeMailboxes();
    tenant.before = ({ cmdlet, parameters }) => {
      if (cmdlet === 'Get-MailboxFolderStatistics' && JSON.stringify(parameters).includes(guidOf(2)))
        refuse(cmdlet, 'SomeException', 'no \u001b[31mway');
    };
    const { exitCode } = await visibilityPlan(context, { exitCode: false }, wiringOf(tenant));
    expect(exitCode).toBe(4);
    expect(text()).toContain(
      'user2@contoso.com: Get-MailboxFolderStatistics: SomeException: no \uFFFD[31mway',
    );
  });

  it('warns of excluded addresses that belong to nobody', async () => {
    const exclude = [{ address: 'nobody@contoso.com', reason: 'typo' }];
    const { context, text } = project({ visibility: { ...VISIBILITY, exclude } });
    await visibilityPlan(context, { exitCode: false }, wiringOf(threeMailboxes()));
    expect(text()).toContain('warning: the excluded address nobody@contoso.com belongs to no mailbox');
  });

  it('is an error where the stack leaves calendars alone', async () => {
    const { context } = project({});
    await expect(
      visibilityPlan(context, { exitCode: false }, wiringOf(threeMailboxes())),
    ).rejects.toMatchObject({
      kind: 'configuration',
      problems: [{ where: 'calendar-interop:visibility' }],
    });
  });
});

describe('visibility apply', () => {
  const counts = (more: Partial<Counts>): Counts => ({ ...noCounts(), ...more });

  it('tells both passes, and fails where calendars failed', async () => {
    const { context, text } = project();
    const planned = counts({ lower: 2, enough: 8 });
    const done = await visibilityApply(context, {
      runResources: async () => ({ planned, applied: counts({ raised: 2 }) }),
    });
    expect(done.exitCode).toBe(0);
    expect(text()).toContain('2 of 10 calendars would change.\n2 calendars raised.');
    const failed = await visibilityApply(context, {
      runResources: async () => ({ planned, applied: counts({ raised: 1, failed: 1 }) }),
    });
    expect(failed.exitCode).toBe(4);
    expect(text()).toContain('1 calendar raised, 1 failed.');
  });
});

describe('visibility undo', () => {
  it('restores what the record in the state says', async () => {
    const { context, text } = project();
    const tenant = threeMailboxes();
    const before = tenant.dump();
    const target = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;
    const plan = await planVisibility({ port: tenant, files: undefined }, target, UndoRecord.empty);
    await applyVisibility({ port: tenant, files: undefined }, target, plan);
    const { exitCode } = await visibilityUndo(context, wiringOf(tenant, plan.record));
    expect(exitCode).toBe(0);
    expect(text()).toContain('2 calendars restored.');
    expect(text()).toContain('The next up raises them again');
    expect(tenant.dump()).toEqual(before);
  });

  it('asks nobody where nothing was ever raised', async () => {
    const { context, text } = project();
    const tenant = threeMailboxes();
    await visibilityUndo(context, wiringOf(tenant));
    expect(text()).toContain('nothing to undo');
    expect(tenant.calls).toEqual([]);
  });
});

describe('visibility status and report', () => {
  it.each([
    ['ews', true],
    ['graph', false],
  ])('protocol %s: tells when Microsoft turns EWS off: %s', async (protocol, isTold) => {
    const type = `microsoft365-${protocol}`;
    const endpoints = [
      { name: 'online', type, domains: ['contoso.com'], roleAccounts: ['interop@contoso.com'] },
    ];
    const { context, text } = project({ visibility: VISIBILITY, protocol, endpoints });
    const { json } = await visibilityStatus(context);
    expect(text().includes('EWS in Exchange Online')).toBe(isTold);
    expect((json as { ewsRetirement: unknown }).ewsRetirement !== null).toBe(isTold);
  });

  it('say so before the first sweep', async () => {
    const { context, text } = project();
    expect(await visibilityStatus(context)).toMatchObject({
      exitCode: 0,
      json: { plan: { last: null, unfinished: null } },
    });
    expect(text()).toContain('calendar-interop visibility plan --stack dev');
    await expect(visibilityReport(context, { html: undefined })).rejects.toMatchObject({ kind: 'failure' });
  });

  it('tell the last sweep, and one that was cut off', async () => {
    const { context, text } = project();
    const tenant = threeMailboxes();
    await visibilityPlan(context, { exitCode: false }, wiringOf(tenant));
    tenant.before = ({ cmdlet, parameters }) => {
      if (cmdlet.startsWith('Get-MailboxFolder') && JSON.stringify(parameters).includes(guidOf(3)))
        throw new Error('the sign-in has ended');
    };
    tenant.concurrency = 1;
    await expect(visibilityPlan(context, { exitCode: false }, wiringOf(tenant))).rejects.toThrow('sign-in');
    const { json } = await visibilityStatus(context);
    expect(json).toMatchObject({
      plan: { last: { counts: { lower: 2 } }, unfinished: { finishedAt: null } },
    });
    expect(text()).toContain('the next run goes on there');
  });

  it('write the page for its owner only', async () => {
    const { context, folder, text } = project();
    await visibilityPlan(context, { exitCode: false }, wiringOf(threeMailboxes()));
    await visibilityReport(context, { html: 'report.html' });
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('user1@contoso.com');
    expect(text()).toContain('it holds addresses of people');
    const { json } = await visibilityReport(context, { html: undefined });
    expect(json).toMatchObject({ counts: { lower: 2, enough: 1 } });
    await expect(visibilityReport(context, { html: 'no/such/folder/x.html' })).rejects.toMatchObject({
      kind: 'failure',
      problems: [{ what: 'writing failed with ENOENT' }],
    });
  });
});

describe('progress', () => {
  it('is a live line on a terminal, and one line a minute in a log', () => {
    const lines: string[] = [];
    const live: string[] = [];
    const terminal = {
      line: (text: string) => lines.push(text),
      status: (text: string) => live.push(text),
    } as unknown as Terminal;
    let now = 0;
    const show = follow(terminal, 'reading calendars', () => now);
    for (let done = 1; done <= 1_200; done++) {
      now += 100;
      show({ done, total: 1_200, listed: true, counts: noCounts() });
    }
    expect(lines).toEqual([
      'reading calendars: 600 of 1,200 mailboxes, 10 a second, about 1 min left',
      'reading calendars: 1,200 of 1,200 mailboxes, 10 a second',
    ]);
    expect(live.length).toBe(598);
    expect(filesOf({ tenant: 'x' } as never, 'dev', { XDG_STATE_HOME: '/s' }).plan.startsWith('/s/')).toBe(
      true,
    );
  });
});
