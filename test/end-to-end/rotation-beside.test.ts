/** A rotation that is only written, and carried out by `up`; and two rotation commands at once. */
import { ledgerIn } from '../support/interruption.js';
import { PastedSecret } from '../support/pasted-secret.js';
import { type CommandRun, makeProject, type TestProject } from '../support/project.js';
import { registrationIn, secretNamesIn } from '../support/registration.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const TIMEOUT_MS = 900_000;

let sandbox: TestSandbox;
let project: TestProject;
let google: PastedSecret;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  google = new PastedSecret(sandbox);
  await done(0, 'up');
  await paste();
  await done(0, 'rotation', 'confirm');
}, TIMEOUT_MS);
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

async function done(wanted: number, ...args: readonly string[]): Promise<CommandRun> {
  const end = await project.run(args);
  const stderr = end.code === wanted ? '' : end.stderr;
  expect({ args, code: end.code, stderr }).toEqual({ args, code: wanted, stderr: '' });
  return end;
}

async function standing(): Promise<unknown> {
  return (await project.json(['rotation', 'status'])).value;
}

/** A person reads the newest secret in the state and pastes it. */
async function paste(): Promise<void> {
  const { slots } = ledgerIn(project);
  const newest = (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? 'a' : 'b';
  const secret = await project.secretNamed(`interop-${newest}-g${slots[newest]?.generation}`);
  google.paste((await registrationIn(sandbox)).appId, secret);
}

/** Google looks somebody up: it signs in. */
async function look(): Promise<void> {
  expect(await google.works()).toBe(true);
}

test(
  'up finishes a ledger that was only written; two commands at once lose nothing',
  async () => {
    await done(0, 'rotation', 'stage', '--write-only');
    expect(ledgerIn(project).pending).toMatchObject({ event: 'stage' });
    expect(await secretNamesIn(sandbox)).toEqual(['interop-a-g1']);
    const finished = await done(0, 'up');
    expect(finished.stdout).toContain('Proved interop-b-g2 with a token');
    expect(ledgerIn(project).pending).toBeUndefined();
    await paste();
    await done(0, 'rotation', 'confirm');
    await done(0, 'rotation', 'retire');

    const ends = await Promise.all([project.run(['rotation', 'stage']), project.run(['rotation', 'stage'])]);
    const codes = ends.map(({ code }) => code).sort();
    // The second one waits for the first, and then finds two secrets; where it waited in vain it says what is going on.
    expect([
      [0, 5],
      [0, 1],
    ]).toContainEqual(codes);
    const refused = ends.find(({ code }) => code !== 0)?.stderr;
    expect(refused).toMatch(
      /there are two secrets already|another rotation command is working on this stack/,
    );
    expect(await secretNamesIn(sandbox)).toEqual(['interop-a-g3', 'interop-b-g2']);
    expect(await standing()).toMatchObject({ phase: 'staged', pending: null });
    await look();
  },
  TIMEOUT_MS,
);
