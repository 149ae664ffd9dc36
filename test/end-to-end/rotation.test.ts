/** The rotation on the real engine: made, proved, pasted, confirmed, retired, twice round; Google never stands without a secret. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PastedSecret } from '../support/pasted-secret.js';
import { makeProject, type TestProject } from '../support/project.js';
import { registrationIn, secretNamesIn } from '../support/registration.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;
let google: PastedSecret;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  google = new PastedSecret(sandbox);
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into reports of many shapes.
async function rotation(...args: readonly string[]): Promise<{ code: number | null; value: any }> {
  return (await project.json(['rotation', ...args])) as never;
}

/** A person reads the secret in the state and pastes it. */
async function paste(name: string): Promise<void> {
  const { appId } = await registrationIn(sandbox);
  google.paste(appId, await project.secretNamed(name));
  expect(await google.works()).toBe(true);
}

test('two generations: stage, paste, confirm, retire; each command safe to repeat', async () => {
  expect((await rotation('init')).code).toBe(0);
  expect((await project.run(['up'])).code).toBe(0);
  await paste('interop-a-g1');
  expect((await rotation('status')).value).toMatchObject({
    phase: 'unconfirmed',
    due: [{ step: 'handOver' }],
  });
  expect((await rotation('confirm', 'online')).code).toBe(0);

  for (const [from, to] of [
    ['interop-a-g1', 'interop-b-g2'],
    ['interop-b-g2', 'interop-a-g3'],
  ] as const) {
    const staged = await rotation('stage');
    expect(staged).toMatchObject({ code: 0, value: { changed: true, phase: 'staged', pending: null } });
    expect(staged.value.done.join(' ')).toContain(
      `Proved ${to} with a token from Entra (full_access_as_app)`,
    );
    expect(await secretNamesIn(sandbox)).toEqual([from, to].sort());
    expect(await google.works()).toBe(true);

    // Again, and too early: refused, and nothing changes.
    expect((await rotation('stage')).code).toBe(5);
    expect((await rotation('retire')).code).toBe(5);
    expect(await secretNamesIn(sandbox)).toEqual([from, to].sort());

    await paste(to);
    expect(await rotation('confirm')).toMatchObject({ code: 0, value: { phase: 'switched' } });
    expect(await rotation('retire')).toMatchObject({ code: 0, value: { phase: 'steady', due: [] } });
    expect(await secretNamesIn(sandbox)).toEqual([to]);
    expect(await google.works()).toBe(true);
    expect((await rotation('retire')).code).toBe(5);
    expect(await rotation('status')).toMatchObject({ code: 0, value: { phase: 'steady' } });
    // The state has the last word of the ledger, so nothing is left to do.
    expect(await project.json(['preview'])).toMatchObject({ code: 0, value: { changed: 0 } });
  }
}, 600_000);

test('an older ledger is refused by the commands, too; restore gives back the one of the state', async () => {
  expect((await project.run(['up'])).code).toBe(0);
  const old = readFileSync(project.stackFile, 'utf8');
  expect((await rotation('stage')).code).toBe(0);
  const newest = readFileSync(project.stackFile, 'utf8');
  writeFileSync(project.stackFile, old);
  const refused = await project.run(['rotation', 'stage']);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('rotation restore --stack test'),
  });
  expect(readFileSync(project.stackFile, 'utf8')).toBe(old);

  expect((await rotation('restore')).code).toBe(0);
  expect(await project.json(['preview'])).toMatchObject({ code: 0, value: { changed: 0 } });
  const restored = await rotation('status');
  expect(restored.value.slots).toEqual((await ledgerOf(newest)).slots);

  // A lost ledger comes back, too, as it is in the state.
  await project.configure({ 'calendar-interop:rotation': undefined });
  expect((await rotation('status')).code).toBe(2);
  expect((await rotation('restore')).code).toBe(0);
  expect((await rotation('status')).value.slots).toEqual(restored.value.slots);
  expect(await rotation('restore')).toMatchObject({ code: 0, value: { changed: false } });
}, 600_000);

async function ledgerOf(text: string): Promise<{ slots: unknown }> {
  const { parse } = await import('yaml');
  return (parse(text) as { config: Record<string, { slots: unknown }> }).config[
    'calendar-interop:rotation'
  ] as { slots: unknown };
}
