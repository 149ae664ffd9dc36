/** The rotation commands on a world in memory: what they write, in which order, and what they leave when they are cut off. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InteropError } from '../../infra/errors.js';
import { formatInstant } from '../../infra/rotation/ledger.js';
import { rotationAdopt } from '../../scripts/commands/rotation-adopt.js';
import { endUpdate } from '../../scripts/commands/rotation-after-up.js';
import { rotationConfirm } from '../../scripts/commands/rotation-confirm.js';
import { rotationRemove } from '../../scripts/commands/rotation-remove.js';
import { rotationRestore } from '../../scripts/commands/rotation-restore.js';
import { rotationRetire } from '../../scripts/commands/rotation-retire.js';
import { type RevokeFlags, rotationRevoke } from '../../scripts/commands/rotation-revoke.js';
import { rotationRun } from '../../scripts/commands/rotation-run.js';
import { rotationStage } from '../../scripts/commands/rotation-stage.js';
import { rotationStatus } from '../../scripts/commands/rotation-status.js';
import { withLedgerLock } from '../../scripts/rotation/ledger-lock.js';
import { FakeWorld, type Moment } from './support/fake-world.js';

let world: FakeWorld;

beforeEach(async () => {
  world = new FakeWorld();
  await world.steady();
});
afterEach(() => world.dispose());

const stage = (writeOnly = false) => rotationStage(world.context, { writeOnly }, world);
const confirm = (...endpoints: string[]) =>
  rotationConfirm(world.context, { endpoints, evidence: false, writeOnly: false }, world);
const retire = () => rotationRetire(world.context, { writeOnly: false }, world);
const run = (report?: string) => rotationRun(world.context, { report, writeOnly: false }, world);
const status = (offline = false) => rotationStatus(world.context, { offline }, world);
const revoke = (flags: Partial<RevokeFlags>) =>
  rotationRevoke(
    world.context,
    {
      secret: 'a',
      now: false,
      afterSwitch: false,
      deadline: undefined,
      yes: true,
      writeOnly: false,
      ...flags,
    },
    world,
  );

test('stage makes and proves the next secret once, and notes its own use', async () => {
  await stage();
  expect(world.names()).toEqual(['a1', 'b2']);
  expect(world.proofs).toBe(1);
  const { log, pending, slots } = world.ledger();
  expect(pending).toBeUndefined();
  expect(log.at(-1)).toMatchObject({ event: 'use', slot: 'b', generation: 2 });
  expect(slots.b?.keyId).toBe(world.held[1]?.keyId);
  expect(world.saved?.revision).toBe(world.ledger().revision);
});

test('the file keeps its comments, and no secret comes into it', async () => {
  await stage();
  expect(world.text().startsWith('# ours\n')).toBe(true);
  expect(world.text() + world.output()).not.toContain('value ');
});

test.each<Moment>(['update', 'secrets', 'prove', 'saveLedger'])(
  'stage that is cut off at %s is finished by run, with no third secret and one proof that counts',
  async (moment) => {
    world.cutAt = moment;
    await expect(stage()).rejects.toThrow('cut off');
    await run();
    expect(world.names()).toEqual(['a1', 'b2']);
    expect(world.ledger().pending).toBeUndefined();
    expect(world.proofs).toBe(1);
  },
);

test.each<Moment>(['update', 'secrets', 'saveLedger'])(
  'retire that is cut off at %s is finished when it is called again',
  async (moment) => {
    await stage();
    await confirm();
    world.cutAt = moment;
    await expect(retire()).rejects.toThrow('cut off');
    await retire().catch((error: { summary: string }) =>
      expect(error.summary).toBe('there is no old secret to retire'),
    );
    expect(world.names()).toEqual(['b2']);
    expect(world.ledger()).toMatchObject({ current: 'b' });
    expect(world.ledger().pending).toBeUndefined();
  },
);

test('retire refuses until every endpoint is confirmed', async () => {
  await stage();
  await confirm('one');
  const before = world.text();
  await expect(retire()).rejects.toMatchObject({ kind: 'policy', message: expect.stringContaining('two') });
  expect(world.text()).toBe(before);
  expect(world.names()).toEqual(['a1', 'b2']);
});

test('confirm by hand notes who said it and when', async () => {
  await stage();
  await confirm('one');
  expect(world.ledger().confirmed.one).toMatchObject({ how: 'hand', by: 'ann', at: '2030-01-01T00:00:00Z' });
});

test('evidence is judged by our own uses as well, which come into the ledger with what it confirms', async () => {
  await stage();
  const usedAt = new Date(world.time.getTime() - 3_600_000);
  world.ownUses = [{ type: 'use', slot: 'b', generation: 2, usedAt, note: 'verify' }];
  world.passDays(1);
  const confirmBySight = () =>
    rotationConfirm(world.context, { endpoints: [], evidence: true, writeOnly: false }, world);
  const seen = { slot: 'b', generation: 2, seen: 'a sign-in' } as const;
  world.seen = { confirmed: [{ ...seen, endpoint: 'one' }], silent: [], contradictions: [] };
  // The first proof is later than the use that was noted: nothing new.
  await confirmBySight();
  expect(world.judgedBy).toHaveLength(1);
  world.ownUses = [{ type: 'use', slot: 'b', generation: 2, usedAt: world.time, note: 'verify' }];
  world.seen = { ...world.seen, confirmed: [{ ...seen, endpoint: 'two' }] };
  await confirmBySight();
  const own = { event: 'use', slot: 'b', generation: 2, at: formatInstant(world.time), note: 'verify' };
  expect(world.judgedBy.at(-1)?.log).toContainEqual(own);
  expect(world.ledger().log).toContainEqual(own);
  expect(world.ledger().confirmed.two).toMatchObject({ slot: 'b', how: 'seen' });
});

test('confirm with evidence believes nothing that contradicts itself', async () => {
  await stage();
  const seen = { endpoint: 'one', slot: 'b', generation: 2, seen: 'saved' } as const;
  world.seen = { confirmed: [seen], silent: [], contradictions: ['two at once'] };
  const before = world.ledger().confirmed;
  const flags = { endpoints: [], evidence: true, writeOnly: false };
  await expect(rotationConfirm(world.context, flags, world)).rejects.toMatchObject({ kind: 'policy' });
  expect(world.ledger().confirmed).toEqual(before);
});

test('--write-only writes what is wished and starts no engine', async () => {
  await stage(true);
  expect(world.opened).toBe(0);
  expect(world.names()).toEqual(['a1']);
  expect(world.ledger().pending).toMatchObject({ event: 'stage', slot: 'b' });
});

test('on a day on which nothing is due neither the engine nor Google’s and Microsoft’s logs of a hand-over are asked', async () => {
  const before = world.text();
  world.passDays(100);
  expect(await run()).toMatchObject({ exitCode: 0, json: { changed: false, due: [] } });
  expect(world.opened).toBe(0);
  expect(world.evidenceAsked).toBe(0);
  expect(world.text()).toBe(before);
});

test('run stages when it is due, reports, and confirms nothing by itself however often it runs', async () => {
  world.passDays(151);
  const report = 'report.md';
  expect(await run(report)).toMatchObject({ exitCode: 10, json: { phase: 'staged' } });
  const text = readFileSync(join(world.folder, report), 'utf8');
  expect(text).toContain('| interop-b-g2 | staged |');
  expect(text).toContain('rotation confirm');
  expect(text).not.toContain('value ');
  const after = world.text();
  for (let day = 0; day < 10; day += 1) {
    world.passDays(1);
    expect(await run()).toMatchObject({ exitCode: 10, json: { changed: false } });
  }
  expect(world.text()).toBe(after);
  expect(world.names()).toEqual(['a1', 'b2']);
});

test('status tells phase, days left and who has to do what; 10 when something is due', async () => {
  expect(await status()).toMatchObject({
    exitCode: 0,
    json: { phase: 'steady', secrets: [{ daysLeft: 180 }] },
  });
  await stage();
  expect(await status()).toMatchObject({ exitCode: 10, json: { phase: 'staged' } });
  expect(world.output()).toContain("by a person at Google's Admin console");
});

test('with a clock that differs from Entra’s nothing is made, whichever of the two is ahead', async () => {
  const before = world.text();
  world.passDays(151);
  for (const skew of [-1, 1]) {
    world.entraTime = new Date(world.time.getTime() + skew * 3_600_000);
    await expect(stage()).rejects.toMatchObject({ summary: "this machine's clock is wrong" });
    await expect(revoke({ now: true })).rejects.toMatchObject({ summary: "this machine's clock is wrong" });
    expect(await run()).toMatchObject({
      exitCode: 10,
      json: { changed: false, blocked: [{ summary: "this machine's clock is wrong" }] },
    });
  }
  expect(world.text()).toBe(before);
  world.entraTime = new Date(world.time.getTime() + 60_000);
  expect(await run()).toMatchObject({ json: { phase: 'staged' } });
});

test('what is due is judged by Entra’s time, not by a clock that has stopped', async () => {
  world.entraTime = new Date(world.time.getTime() + 151 * 86_400_000);
  expect(await run()).toMatchObject({ exitCode: 10, json: { blocked: [{}] } });
  world.entraTime = new Date(world.time.getTime() + 100 * 86_400_000);
  expect(await run()).toMatchObject({ exitCode: 0, json: { blocked: [] } });
});

test('secrets that somebody else made are told with age and last use, by status, run and its report', async () => {
  const keyId = '99999999-9999-4999-8999-999999999999';
  const secret = {
    keyId,
    name: 'Portal',
    startDate: '2029-12-02T00:00:00Z',
    endDate: '2031-01-01T00:00:00Z',
    lastUse: '2029-12-31T00:00:00Z',
    adopted: false,
  };
  world.foreign = { secrets: [secret], signInsNotChecked: undefined };
  const line = `"Portal" (key ${keyId}), made 2029-12-02 (30 days ago), ends 2031-01-01, last sign-in 2029-12-31T00:00:00Z`;
  expect(await status()).toMatchObject({
    exitCode: 0,
    json: { foreignSecrets: { checked: true, secrets: [{ keyId }] } },
  });
  expect(world.output()).toContain(line);
  expect(world.output()).toContain(`rotation adopt ${keyId} --stack test`);
  expect(await run('report.md')).toMatchObject({ exitCode: 0, json: { foreignSecrets: { checked: true } } });
  expect(readFileSync(join(world.folder, 'report.md'), 'utf8')).toContain(line);
});

test('where nobody can sign in status and run say so, and fail by nothing else', async () => {
  const notChecked = new InteropError({ kind: 'authentication', summary: 'nobody is signed in' });
  world.foreign = { secrets: [], notChecked, signInsNotChecked: undefined };
  expect(await status()).toMatchObject({ exitCode: 0, json: { foreignSecrets: { checked: false } } });
  expect(await run()).toMatchObject({ exitCode: 0, json: { foreignSecrets: { checked: false } } });
  expect(world.output()).toContain('were not looked for: nobody is signed in');
});

test('status --offline asks nobody', async () => {
  world.tenant = () => {
    throw new Error('somebody was asked');
  };
  expect((await status(true)).json).not.toHaveProperty('foreignSecrets');
});

test('revoke at once says what stops, and wants a yes', async () => {
  await expect(revoke({ now: true, yes: false })).rejects.toMatchObject({ exitCode: 2 });
  world.ask = async () => false;
  await expect(revoke({ now: true, yes: false })).rejects.toMatchObject({ kind: 'cancelled' });
  expect(world.names()).toEqual(['a1']);
  world.ask = async () => true;
  await revoke({ now: true, yes: false });
  expect(world.output()).toContain('Look-ups through one, two stop at once');
  expect(world.names()).toEqual(['b2']);
  expect(world.proofs).toBe(1);
});

test('revoke of the newest of two says which one is to be pasted again', async () => {
  await stage();
  await confirm();
  await revoke({ secret: 'b', now: true });
  expect(world.output()).toContain('stop at once (2030-01-01), until interop-a-g1 is pasted');
  expect(world.names()).toEqual(['a1']);
});

describe('a secret that has ended is not what is to be pasted', () => {
  const ANOTHER = 'until another one is staged (`rotation stage`) and pasted';

  test('where the other one has ended, one is staged next', async () => {
    world.passDays(160);
    await stage();
    await confirm();
    world.passDays(60);
    const { json } = await revoke({ secret: 'b', now: true });
    expect(world.output()).toContain(`stop at once (2030-08-09), ${ANOTHER}`);
    expect(world.output()).not.toContain('until interop-a-g1');
    expect([world.names(), json]).toMatchObject([['a1'], { due: [{ step: 'stage' }, { step: 'handOver' }] }]);
    await stage();
    expect(world.names()).toEqual(['a1', 'b3']);
  });

  test('where it ends before the deadline, too', async () => {
    await stage();
    world.passDays(100);
    await revoke({ afterSwitch: true, deadline: new Date('2031-01-01T00:00:00Z') });
    expect(world.output()).toContain(`from then on they stop, ${ANOTHER}`);
  });
});

test('revoke after the switch leaves both, until Google is confirmed or the deadline is there', async () => {
  await revoke({ afterSwitch: true, deadline: new Date('2030-02-01T00:00:00Z') });
  expect(world.names()).toEqual(['a1', 'b2']);
  await run();
  expect(world.names()).toEqual(['a1', 'b2']);
  await confirm();
  await run();
  expect(world.names()).toEqual(['b2']);
});

test('revoke wants one of the two ways', async () => {
  await expect(revoke({})).rejects.toMatchObject({ exitCode: 2 });
  await expect(revoke({ now: true, afterSwitch: true })).rejects.toMatchObject({ exitCode: 2 });
});

test('a ledger older than the state is refused before anything is written; restore mends it', async () => {
  const old = world.text();
  await stage();
  writeFileSync(world.file, old);
  await expect(stage()).rejects.toMatchObject({ exitCode: 2, summary: expect.stringContaining('stale') });
  expect(world.text()).toBe(old);
  await rotationRestore(world.context, world);
  expect(Object.keys(world.ledger().slots)).toEqual(['a', 'b']);
  expect(world.saved?.revision).toBe(world.ledger().revision);
});

test('a restore that was cut off before the state knew of it is finished by the next one', async () => {
  const old = world.text();
  await stage();
  writeFileSync(world.file, old);
  world.cutAt = 'saveLedger';
  await expect(rotationRestore(world.context, world)).rejects.toThrow();
  const written = world.text();
  expect(world.ledger().revision).toBeGreaterThan(world.saved?.revision ?? 0);
  expect(await rotationRestore(world.context, world)).toMatchObject({
    exitCode: 0,
    json: { changed: true },
  });
  expect(world.text()).toBe(written);
  expect(world.saved?.revision).toBe(world.ledger().revision);
});

test('evidence for what is confirmed already does not start the engine', async () => {
  await stage();
  const seen = { endpoint: 'one', slot: 'b', generation: 2, seen: 'a sign-in' } as const;
  world.seen = { confirmed: [seen], silent: [], contradictions: [] };
  world.passDays(1);
  await run();
  expect(world.ledger().confirmed.one).toMatchObject({ slot: 'b', how: 'seen' });
  const [opened, before] = [world.opened, world.text()];
  world.passDays(1);
  await run();
  expect(world.evidenceAsked).toBeGreaterThan(1);
  expect([world.opened, world.text()]).toEqual([opened, before]);
});

test('a copy in Key Vault that fails stops nothing, and the next call makes it', async () => {
  world.dispose();
  world = new FakeWorld({
    'calendar-interop:secret': { keyVault: { url: 'https://v.vault.azure.net', name: 'google' } },
  });
  world.vault.failing = true;
  await world.steady();
  expect(await stage()).toMatchObject({ exitCode: 0, json: { phase: 'staged' } });
  expect(world.output()).toContain('the next call tries it again');
  world.vault.failing = false;
  await run();
  expect(world.vault.copies).toEqual([world.ledger().slots.b?.keyId]);
  const opened = world.opened;
  await run();
  expect(world.opened).toBe(opened);
  expect(world.vault.copies).toHaveLength(1);
});

test.each(['adopt', 'remove'] as const)('what %s finished first is copied to Key Vault', async (command) => {
  world.dispose();
  world = new FakeWorld({
    'calendar-interop:secret': { keyVault: { url: 'https://v.vault.azure.net', name: 'google' } },
  });
  await world.steady();
  const keyId = '99999999-2222-4333-8444-555555555555';
  world.cutAt = 'update';
  await expect(revoke({ now: true })).rejects.toThrow('cut off');
  const secret = {
    keyId,
    name: 'theirs',
    startDate: undefined,
    endDate: '2030-06-01T00:00:00Z',
    lastUse: undefined,
  };
  world.foreign = { secrets: [{ ...secret, adopted: false }], signInsNotChecked: undefined };
  world.vault.copies = [];
  await (command === 'adopt'
    ? rotationAdopt(world.context, { keyId, writeOnly: false }, world)
    : rotationRemove(world.context, { keyId, yes: true, force: true }, world));
  expect(world.names()).toEqual(['b2']);
  expect(world.vault.copies).toEqual([world.ledger().slots.b?.keyId]);
});

test('up ends what it has carried out, and nothing that was written while it ran', async () => {
  const former = world.text();
  await stage(true);
  const [brought, text] = [world.ledger(), world.text()];
  await (await world.open()).update(brought, 'up');
  await endUpdate(world.context, world, brought);
  expect(world.ledger().pending).toBeUndefined();
  expect(world.proofs).toBe(1);

  // What a pull brings meanwhile was not carried out, and must not look as if it were.
  const pulled = text.replace(/(pending:\s+event: )stage/, '$1revoke');
  writeFileSync(world.file, pulled);
  await endUpdate(world.context, world, brought);
  expect(world.text()).toBe(pulled);
  expect(world.output()).toContain('was changed while the update ran');
  expect(world.output()).toContain('next: calendar-interop rotation run --stack test');

  writeFileSync(world.file, former);
  const steady = world.ledger();
  await revoke({ now: true, writeOnly: true });
  await endUpdate(world.context, world, steady);
  expect(world.ledger().pending).toMatchObject({ event: 'revoke' });
});

test('while another command works on the stack one is refused, and nothing is written', async () => {
  const before = world.text();
  await withLedgerLock(world.file, world.context.env, async () => {
    await expect(stage()).rejects.toMatchObject({
      summary: 'another rotation command is working on this stack',
    });
  });
  expect(world.text()).toBe(before);
});
