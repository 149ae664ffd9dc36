import { PassThrough } from 'node:stream';
import { RANGE_FORMS } from '../../infra/endpoints/range-forms.js';
import { readTrust } from '../../infra/graph/trust.js';
import { checkHost, hostUrl } from '../../infra/preflight/host-check.js';
import { internet, type Surroundings } from '../../infra/verify/index.js';
import { runCli } from '../../scripts/cli.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

async function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    streams[name].on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  }
  const code = await runCli({ ...streams, argv: ['network', ...argv], env, cwd: '/' });
  return { code, ...texts };
}

test.each(RANGE_FORMS)('--format %s prints it, ready to be pasted', async (form) => {
  const { code, stdout } = await run(['--format', form]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/74\.125\.88\.0/);
  expect(stdout).toMatch(/2c0f:fb50:4::\/64/);
});

test('an unknown form is a usage error that names the known ones', async () => {
  const { code, stderr } = await run(['--format', 'pf']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/Allowed choices are plain, json, azure-nsg/);
});

test.each([
  'http://mail.contoso.com/ews/exchange.asmx',
  'mail.contoso.com/owa',
  'a b',
  '',
  'x@y.com',
  'https://mail.contoso.com/',
])('--check %j is refused before anything is sent', async (host) => {
  const { code, stderr } = await run(['--check', host]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/allowed: a host name such as mail\.contoso\.com/);
});

describe('a server on this machine', () => {
  let tenant: TestSandbox;
  beforeAll(async () => {
    tenant = await startTestSandbox();
  });
  afterAll(() => tenant.dispose());

  test('with a certificate of no public authority is told as such', async () => {
    const { info } = tenant.sandbox;
    const host = info.metadataHost;
    const { code, stdout } = await run(['--check', host, '--json'], { SSL_CERT_FILE: info.caFile });
    expect(code).toBe(12);
    const { steps, unknowable } = JSON.parse(stdout);
    expect(steps.map((step: { step: string; state: string }) => [step.step, step.state])).toEqual([
      ['name', 'ok'],
      ['tcp', 'ok'],
      ['tls', 'fault'],
      ['ews', 'fault'],
    ]);
    expect(unknowable).toHaveLength(4);
  });
});

/** EWS that answers so, behind a certificate that holds: the way there has tests of its own. */
function answering(status: number, authenticate?: string): Surroundings {
  const trust = readTrust({});
  const headers: Record<string, string> =
    authenticate === undefined ? {} : { 'www-authenticate': authenticate };
  const answer = { status, headers: new Headers(headers), body: null };
  return {
    ...internet({ trust, env: { https_proxy: 'http://proxy:1' }, signal: new AbortController().signal }),
    trust: { ...trust, fetch: async () => answer as never },
  };
}

test.each([
  [401, 'Basic realm="mail.contoso.com"', 'ok', /takes Basic/],
  [401, 'Negotiate, NTLM, Basic realm="a, b"', 'ok', /takes Basic/],
  [401, 'Negotiate, NTLM', 'fault', /does not offer Basic/],
  [401, undefined, 'fault', /does not offer Basic/],
  [200, undefined, 'fault', /does not ask for a sign-in/],
  [302, undefined, 'fault', /does not ask for a sign-in/],
  [404, undefined, 'fault', /does not ask for a sign-in/],
] as const)('an answer %d with %s is judged', async (status, authenticate, state, words) => {
  const steps = await checkHost(hostUrl('mail.contoso.com'), answering(status, authenticate));
  expect(steps[0]).toMatchObject({
    step: 'way',
    state: 'notChecked',
    what: expect.stringMatching(/a proxy stands between/),
  });
  expect(steps.at(-1)).toMatchObject({ step: 'ews', state, what: expect.stringMatching(words) });
});
