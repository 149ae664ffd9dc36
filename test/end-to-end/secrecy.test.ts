/**
 * The secret is nowhere but in the encrypted state: not in what the commands print at their most verbose, not in the state file,
 * not in the process list, not in any file that a run leaves.
 */

import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeProject, type RunningCommand, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

/** The forms in which a secret could be written down. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [
    secret,
    base64,
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/** Names of the places, by name, in which the secret stands in one of its forms. */
function placesWith(secret: string, places: Readonly<Record<string, string>>): readonly string[] {
  const forms = formsOf(secret);
  return Object.keys(places).filter((name) => forms.some((form) => places[name]?.includes(form)));
}

/** Every file below a folder, by path. */
function filesBelow(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) Object.assign(files, filesBelow(path));
    else files[path] = readFileSync(path, 'latin1');
  }
  return files;
}

/** In the environment of the command and so of everything that it starts; other tests have their own processes. */
const MARK = `SECRECY_TEST=${randomUUID()}`;

/** Command lines of all processes of a command while it runs. */
async function watchProcesses(command: RunningCommand): Promise<string> {
  const seen = new Set<string>();
  while (command.child.exitCode === null && command.child.signalCode === null) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(MARK)) continue;
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        // The process ended in between.
      }
    }
    await delay(20);
  }
  return [...seen].join('\n');
}

test('the search finds a planted secret in every form', () => {
  const secret = 'aB~8"%/+=x.Q\\z';
  for (const form of formsOf(secret))
    expect(placesWith(secret, { log: `before ${form} after` })).toEqual(['log']);
  expect(placesWith(secret, { log: 'nothing here' })).toEqual([]);
});

/** The form that Entra gives its secrets, `abc8Q~` and 34 more characters; the sandbox's have it, too. */
const ENTRA_SECRET = /[\w.~-]{3}\dQ~[\w.~-]{34}/;

test('the form is that of a secret which the tenant makes', () => {
  expect(project.env.ARM_CLIENT_SECRET).toMatch(ENTRA_SECRET);
});

const VERBOSE = {
  SECRECY_TEST: MARK.slice(MARK.indexOf('=') + 1),
  DEBUG: '*',
  NODE_DEBUG: 'http,https,tls',
  AZURE_LOG_LEVEL: 'verbose',
  TF_LOG: 'TRACE',
  PULUMI_OPTION_VERBOSE: '11',
  PULUMI_DEBUG_GRPC: 'grpc.json',
};

test('after up, preview, drift and destroy at the most verbose setting it is nowhere in plain form', async () => {
  const places: Record<string, string> = {};
  const secrets = new Set<string>();
  for (const args of [['up'], ['preview'], ['up', '--json'], ['drift'], ['destroy']]) {
    const command = project.start(args, VERBOSE);
    const processes = await watchProcesses(command);
    const { code, stdout, stderr } = await command.ended;
    expect({ args, code, stderr: code === 0 ? '' : stderr.slice(-2000) }).toEqual({
      args,
      code: 0,
      stderr: '',
    });
    places[`${args.join(' ')}: standard output`] = stdout;
    places[`${args.join(' ')}: standard error`] = stderr;
    places[`${args.join(' ')}: process list`] = processes;
    Object.assign(places, filesBelow(project.root));
    if (args[0] === 'up') for (const secret of await project.secrets()) secrets.add(secret);
  }
  secrets.add(project.env.ARM_CLIENT_SECRET ?? '');
  expect(secrets.size).toBeGreaterThanOrEqual(2);
  for (const secret of secrets) expect(placesWith(secret, places)).toEqual([]);
  expect(places[Object.keys(places).find((name) => name.includes('process list')) ?? '']).toContain('pulumi');
}, 400_000);

test('an error in the middle of making the secret does not show it', async () => {
  await sandbox.control({ faults: ['dropAfter=1@POST /applications/*/addPassword'] });
  const { code, stdout, stderr } = await project.run(['up'], VERBOSE);
  expect(code).toBe(4);
  const written = Object.entries({ stdout, stderr, ...filesBelow(project.root) });
  expect(written.filter(([, text]) => ENTRA_SECRET.test(text)).map(([name]) => name)).toEqual([]);
});
