/**
 * `demo`: the whole product once, on an emulated tenant, with the real Pulumi engine.
 *
 * Works in a temporary project with a backend of its own, so that nothing in the checkout or on the user's backend changes.
 */
import { type GoogleForm, MASKED_SECRET } from '../../infra/endpoints/google-forms.js';
import { InteropError } from '../../infra/errors.js';
import type { Counts } from '../../infra/exchange/visibility/index.js';
import { proveSecret } from '../../infra/graph/token-proof.js';
import { handoffSheet } from '../../infra/handoff/sheet.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { resourceChanges, shortType } from '../engine-events.js';
import { type OpenStack, openStack } from '../open-stack.js';
import { secretForOwnUse } from '../own-use.js';
import { shellWord } from '../shell-word.js';
import type { Terminal } from '../terminal.js';
import { type DemoLookUp, lookUpBoth, peopleOfSweep } from './demo-look-up.js';
import { type DemoProject, makeDemoProject, removeDemoProject, writeDemoStack } from './demo-project.js';
import { type DemoTenant, startDemoTenant } from './demo-tenant.js';
import { handedOver } from './handoff-stacks.js';
import { showValues } from './handoff-text.js';
import { stackOutputs } from './stack-outputs.js';
import { filesOf } from './visibility-shared.js';

export interface DemoFlags {
  /** Leave the tenant and the stack running instead of destroying them. */
  readonly keep: boolean;
}

/** What `--json` prints. */
interface DemoReport {
  engine?: OpenStack['engine']['engine'];
  azuread?: OpenStack['engine']['azuread'];
  preview?: { create: number };
  up?: { created: number };
  visibility?: { raised: number; skipped: number };
  secondUp?: { changed: number };
  token?: { roles: readonly string[] };
  drift?: { found: number };
  repaired?: boolean;
  /** What a person enters in Google's console; the secret is masked. */
  handoff?: readonly GoogleForm[];
  lookup?: DemoLookUp;
  destroy?: { left: number } | null;
  seconds: Record<string, number>;
}

const TOTAL_STEPS = 9;

/**
 * Runs the demonstration; exit code 0 only when every step did what it should.
 *
 * @throws InteropError of kind `failure` naming the step that did not.
 */
export async function demo(context: CommandContext, flags: DemoFlags): Promise<CommandResult> {
  const { terminal } = context;
  const report: DemoReport = { seconds: {} };
  const project = await makeDemoProject(context.env);
  let tenant: DemoTenant | undefined;
  try {
    tenant = await startDemoTenant(context, { detached: flags.keep });
    await writeDemoStack(project, tenant.info);
    const inside: CommandContext = {
      ...context,
      cwd: project.folder,
      stack: 'demo',
      env: { ...tenant.env, ...project.env },
    };
    await runSteps(inside, tenant, report, flags);
    terminal.heading(`The demo is through in ${report.seconds.total} s.`);
    return { exitCode: 0, json: report };
  } finally {
    if (flags.keep && tenant !== undefined) {
      sayHowToGoOn(terminal, project, tenant);
      await tenant.leave();
    } else {
      await tenant?.stop();
      await removeDemoProject(project);
    }
  }
}

async function runSteps(
  context: CommandContext,
  tenant: DemoTenant,
  report: DemoReport,
  flags: DemoFlags,
): Promise<void> {
  const { terminal } = context;
  const started = performance.now();
  let number = 0;
  const step = async <T>(name: string, title: string, action: () => Promise<T>): Promise<T> => {
    number += 1;
    terminal.heading(`${number}/${TOTAL_STEPS} ${title}`);
    const from = performance.now();
    const result = await action();
    report.seconds[name] = secondsSince(from);
    terminal.line(`  ${report.seconds[name]} s`, 'dim');
    return result;
  };
  const before = await tenant.directory();

  const open = await step('preview', 'preview: what would be made', async () => {
    const stack = await openStack(context, { ledger: 'write', create: true });
    report.engine = stack.engine.engine;
    report.azuread = stack.engine.azuread;
    const record = await stack.session.run('preview');
    report.preview = { create: resourceChanges(record).filter(({ op }) => op === 'create').length };
    expect(report.preview.create > 0, 'preview', 'the preview announced nothing to create');
    return stack;
  });
  await step('up', 'up: registration, consent, secret, role mailbox, EWS allow list, calendars', async () => {
    const record = await open.session.run('up');
    report.up = { created: resourceChanges(record).filter(({ op }) => op === 'create').length };
    expect(
      report.up.created === report.preview?.create,
      'up',
      'up created something else than the preview said',
    );
  });
  const outputs = stackOutputs(await open.session.outputs());
  report.visibility = raisedCalendars(outputs);
  terminal.line(
    `  ${report.visibility.raised} calendars raised, ${report.visibility.skipped} left as they were`,
  );
  expect(report.visibility.raised > 0, 'up', 'no calendar was raised');
  const people = await peopleOfSweep(filesOf(open.config, open.stack.name, context.env));
  await step('secondUp', 'up again: nothing may change', async () => {
    const changes = resourceChanges(await open.session.run('up'));
    report.secondUp = { changed: changes.length };
    expect(changes.length === 0, 'secondUp', 'the second up changed something');
    terminal.line('  nothing changed');
  });
  const secret = await step('token', 'token: signing in as Google will', async () => {
    const current = await secretForOwnUse(context, open, 'demo');
    const proof = await proveSecret({
      tokenEndpoint: String(outputs.tokenEndpoint),
      clientId: String(outputs.clientId),
      secret: current,
      scope: 'https://outlook.office365.com/.default',
      trust: (await open.signedIn()).trust,
      signal: context.signal,
    });
    report.token = { roles: proof.roles };
    expect(proof.roles.includes('full_access_as_app'), 'token', 'the token lacks full_access_as_app');
    terminal.line(`  roles in the token: ${proof.roles.join(', ')}`);
    return current;
  });
  await step('drift', "drift: the consent is withdrawn behind Pulumi's back", async () => {
    await tenant.withdrawConsent(String(outputs.clientId));
    const found = resourceChanges(await open.session.run('drift'));
    report.drift = { found: found.length };
    expect(found.length > 0, 'drift', 'the withdrawn consent was not found');
    for (const change of found) terminal.line(`  found: ${shortType(change.type)} ${change.name} is gone`);
  });
  await step('repair', 'up --refresh: repaired', async () => {
    await open.session.run('up', { refresh: true });
    const left = resourceChanges(await open.session.run('drift'));
    report.repaired = left.length === 0;
    expect(report.repaired, 'repair', 'drift is still there after the repair');
    terminal.line('  no drift any more');
  });
  await step('handoff', "hand-off: what a person enters in Google's console", async () => {
    const { handoff, outputs: shown } = await handedOver(context, open);
    const sheet = handoffSheet([handoff], new Date());
    showValues(terminal, sheet, () => MASKED_SECRET);
    report.handoff = sheet.endpoints.flatMap(({ forms }) => forms);
    expect(!JSON.stringify(shown).includes(secret), 'handoff', 'the secret is in a plain output');
  });
  await step('lookup', 'look-up, as Google makes it: what people in Google Calendar see', async () => {
    const lookUp = await lookUpBoth(context, open, people);
    report.lookup = lookUp;
    const { event } = lookUp.calendars.find(({ address }) => address === people.raised) ?? {};
    const isShown = Boolean(event?.subject) && Boolean(event?.location);
    expect(isShown, 'lookup', 'the raised calendar shows no subject or no place');
    const excluded = lookUp.calendars.find(({ address }) => address === people.excluded);
    expect(
      excluded?.shows === 'busyOnly',
      'lookup',
      'the excluded calendar shows something else than busy times',
    );
  });
  if (flags.keep) {
    report.destroy = null;
  } else {
    await step('destroy', 'destroy: the tenant as it was', async () => {
      await open.session.run('destroy');
      const left = await tenant.differences(before);
      report.destroy = { left: left.length };
      for (const difference of left) terminal.line(`  left behind: ${difference}`, 'bad');
      expect(left.length === 0, 'destroy', 'something was left behind');
      terminal.line("  nothing is left (a deleted registration stays in Entra's recycle bin for 30 days)");
    });
  }
  report.seconds.total = secondsSince(started);
}

function expect(holds: boolean, step: string, what: string): void {
  if (holds) return;
  throw new InteropError({
    kind: 'failure',
    summary: `the demo failed at ${step}: ${what}`,
    next: ['calendar-interop demo --keep --json   # leaves everything for a closer look'],
  });
}

/** What the sweep of the first `up` came to, as the stack's output `exchange` tells it. */
function raisedCalendars(outputs: Readonly<Record<string, unknown>>): { raised: number; skipped: number } {
  const { visibility } = outputs.exchange as { visibility: { counts: Counts } };
  const { lower, ...others } = visibility.counts;
  return { raised: lower, skipped: Object.values(others).reduce((sum, count) => sum + count, 0) };
}

function secondsSince(from: number): number {
  return Math.round((performance.now() - from) / 100) / 10;
}

function sayHowToGoOn(terminal: Terminal, project: DemoProject, tenant: DemoTenant): void {
  const env = { ...tenant.env, ...project.env };
  const folder = shellWord(project.folder);
  terminal.heading('Everything is still running. In another shell:');
  for (const name of [
    'SSL_CERT_FILE',
    'ARM_CLIENT_SECRET',
    'PULUMI_BACKEND_URL',
    'PULUMI_CONFIG_PASSPHRASE',
    'PULUMI_HOME',
    'XDG_STATE_HOME',
  ]) {
    terminal.line(`  export ${name}=${shellWord(env[name] ?? '')}`);
  }
  terminal.line(`  npx calendar-interop verify --cwd ${folder} --stack demo`);
  terminal.line(`  npx calendar-interop drift --cwd ${folder} --stack demo`);
  terminal.line(`  npx calendar-interop destroy --cwd ${folder} --stack demo`);
  terminal.line(`  kill ${tenant.pid}   # stops the tenant`);
  terminal.line(`  rm -r ${shellWord(project.root)}   # removes the project and its backend`);
}
