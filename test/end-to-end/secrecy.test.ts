/**
 * The secret is nowhere but in the encrypted state: not in what the commands print at their most verbose, not in the state file,
 * not in the process list, not in any file that a run leaves.
 */

import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { filesBelow, formsOf, placesWith, VERBOSE, watchProcesses } from '../support/secret-search.js';

jest.setTimeout(900_000);

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
});

test('an error in the middle of making the secret does not show it', async () => {
  await sandbox.control({ faults: ['dropAfter=1@POST /applications/*/addPassword'] });
  const { code, stdout, stderr } = await project.run(['up'], VERBOSE);
  expect(code).toBe(4);
  const written = Object.entries({ stdout, stderr, ...filesBelow(project.root) });
  expect(written.filter(([, text]) => ENTRA_SECRET.test(text)).map(([name]) => name)).toEqual([]);
});
