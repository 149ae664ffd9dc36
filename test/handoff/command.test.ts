import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { EvidenceSource } from '../../infra/handoff/evidence.js';
import type { CommandContext } from '../../scripts/command-context.js';
import { type HandoffFlags, type HandoffPorts, handoff } from '../../scripts/commands/handoff.js';
import { Terminal } from '../../scripts/terminal.js';
import { cli } from '../cli/io.js';
import { failureOf } from '../graph/support/failure.js';
import { SECRET, STAGED, stack } from './support/hand-offs.js';

const FLAGS: HandoffFlags = { stacks: ['prod'], showSecrets: false, page: false, watch: false, timeout: 60 };
const state = mkdtempSync(join(tmpdir(), 'calendar-interop-handoff-'));
afterEach(() => rmSync(join(state, 'calendar-interop'), { recursive: true, force: true }));
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** The command on stacks that are made up. */
function start(
  flags: Partial<HandoffFlags> = {},
  ports: {
    readonly sources?: readonly EvidenceSource[];
    readonly idleMs?: number;
    readonly ledger?: typeof STAGED;
  } = {},
) {
  const controller = new AbortController();
  const output = new PassThrough();
  let text = '';
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const context: CommandContext = {
    terminal: new Terminal({ stdout: output, stderr: output, json: false, color: false }),
    env: { XDG_STATE_HOME: state },
    cwd: process.cwd(),
    signal: controller.signal,
    cancellation: { signal: controller.signal, shield: (run) => run() },
    stack: undefined,
  };
  const made: HandoffPorts = {
    open: async () => ({
      project: '/project',
      stacks: [{ handoff: stack({ ledger: ports.ledger ?? stack().ledger }), secret: async () => SECRET }],
      evidence: async () => ({ sources: ports.sources ?? [], missing: ['Google is not configured'] }),
    }),
    idleMs: ports.idleMs ?? 60_000,
    intervalMs: 5,
  };
  const done = handoff(context, { ...FLAGS, ...flags }, made);
  done.catch(() => undefined);
  return { done, stop: () => controller.abort(), text: () => text };
}

const seen = (kind: EvidenceSource['kind'], after: number): EvidenceSource => {
  let looks = 0;
  return {
    kind,
    stack: 'prod',
    name: "Google's audit log",
    look: async () => {
      looks += 1;
      return looks > after
        ? { kind, stack: 'prod', at: '2027-03-01T08:00:00Z', what: `seen ${kind}` }
        : undefined;
    },
  };
};

test('prints values and steps, and the secret nowhere', async () => {
  const run = start();
  const { json } = await run.done;
  expect(run.text()).toContain('Token endpoint URL');
  expect(run.text()).toContain('entry for contoso.de');
  expect(run.text() + JSON.stringify(json)).not.toContain('zQ~8Q');
});

test('--show-secrets shows it as text and JSON, and warns', async () => {
  const run = start({ showSecrets: true });
  const { json } = await run.done;
  expect(run.text()).toContain(SECRET);
  expect(run.text()).toContain('warning: secrets are shown in clear text');
  const { endpoints } = json as { endpoints: { forms: { fields: { kind: string; value?: string }[] }[] }[] };
  const secrets = endpoints
    .flatMap(({ forms }) => forms)
    .flatMap(({ fields }) => fields)
    .filter(({ kind }) => kind === 'secret');
  expect(secrets.map(({ value }) => value)).toEqual([SECRET, SECRET]);
});

test('says which secret it is', async () => {
  const run = start({}, { ledger: STAGED });
  await run.done;
  expect(run.text()).toContain('interop-b-g2 (new, Google still holds another one)');
});

test('the watch ticks off what it sees, remembers it, and names the next command', async () => {
  const run = start({ watch: true }, { sources: [seen('formSaved', 1), seen('lookUp', 3)] });
  const { json } = await run.done;
  expect(run.text()).toContain('✓✓ Stack prod: the form was saved: seen formSaved');
  expect(run.text()).toContain('next: calendar-interop rotation confirm --stack prod');
  const states = (json as { steps: { id: string; state: string }[] }).steps;
  expect(states.find(({ id }) => id.startsWith('save'))?.state).toBe('proven');
  const later = start();
  expect(JSON.stringify(await later.done)).toContain('seen lookUp');
  // Another secret begins anew.
  const rotated = start({}, { ledger: STAGED });
  expect(JSON.stringify(await rotated.done)).not.toContain('seen lookUp');
});

test('a watch without a source says what is missing', async () => {
  const failure = await failureOf(start({ watch: true }).done);
  expect(failure).toMatchObject({ kind: 'configuration', problems: [{ what: 'Google is not configured' }] });
});

test('a watch is bounded: timeout says what was not seen, and how to go on', async () => {
  const run = start({ watch: true, timeout: 0.001 }, { sources: [seen('signIn', 1e9)] });
  const failure = await failureOf(run.done);
  expect(failure.exitCode).toBe(9);
  expect(failure.message).toContain('not seen yet: Google signs in with this secret');
  expect(failure.next[0]).toContain('--watch --timeout');
});

test('Ctrl-C ends a watch as cancelled', async () => {
  const run = start({ watch: true }, { sources: [seen('signIn', 1e9)] });
  run.stop();
  expect((await failureOf(run.done)).exitCode).toBe(8);
});

const address = async (run: { text(): string }) => {
  for (;;) {
    const found = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(run.text());
    if (found !== null) return found[0];
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

test('the page is closed by Ctrl-C, and its port with it', async () => {
  const run = start({ page: true });
  const url = await address(run);
  run.stop();
  expect((await run.done).exitCode).toBe(0);
  await expect(
    new Promise((resolve, reject) => request(url, resolve).on('error', reject).end()),
  ).rejects.toThrow('ECONNREFUSED');
});

test('the page closes by itself when it is left alone, and with the end of a watch', async () => {
  const idle = start({ page: true }, { idleMs: 20 });
  expect((await idle.done).exitCode).toBe(0);
  expect(idle.text()).toContain('Nobody used the page');
  const watched = start({ page: true, watch: true }, { sources: [seen('lookUp', 5)] });
  await watched.done;
  expect(watched.text()).toContain('seen lookUp');
});

test.each([
  ['--timeout', '0'],
  ['--timeout', 'soon'],
])('%s %s is refused with what is allowed', async (option, value) => {
  const { code, stderr } = await cli(['handoff', option, value]);
  expect(code).toBe(2);
  expect(stderr).toContain('1 to 10080');
});

test('without a project there is a clear error', async () => {
  const { code, stderr } = await cli(['handoff', '--stack', 'a', '--stack', 'b'], { cwd: tmpdir() });
  expect(code).toBe(2);
  expect(stderr).toContain('Pulumi.yaml');
});
