/** What can be made to go wrong, and that it stops after exactly as many times. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAULT_KINDS, Faults, parseFault } from '../../sandbox/faults.js';
import { SandboxOptionError } from '../../sandbox/index.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { freshName, grant, makeApplication, makePrincipal, must, secretForm } from './support/principals.js';

describe('parsing', () => {
  test('names the fault that was probably meant, and all there are', () => {
    const refused = () => parseFault('trottle=2');
    expect(refused).toThrow(SandboxOptionError);
    expect(refused).toThrow(/did you mean throttle\?/);
    for (const name of Object.keys(FAULT_KINDS)) expect(refused).toThrow(name);
    expect(() => parseFault('completelyDifferent=2')).toThrow(/^(?!.*did you mean)/);
  });

  test.each([
    ['throttle'],
    ['throttle='],
    ['throttle=-1'],
    ['throttle=1.5'],
    ['throttle=two'],
    ['throttle=1:2:3'],
    ['throttle=2000000000'],
    ['hang=1:5'],
    ['dropAfter=1@'],
    ['dropAfter=1@POST'],
    ['dropAfter=1@post /applications'],
    ['dropAfter=1@POST applications'],
    ['dropAfter=1@FETCH /applications'],
    ['replicationDelay=5@POST /applications'],
  ])('refuses %s with the form that is allowed', (text) => {
    expect(() => parseFault(text)).toThrow(SandboxOptionError);
  });

  test.each([
    ['throttle=2'],
    ['throttle=2:7'],
    ['serverError=1@POST /applications/*/addPassword'],
    ['replicationDelay=5'],
    ['hang=3'],
  ])('%s is described as it was given', (text) => {
    expect(new Faults([text]).describe()).toEqual([text]);
  });

  test('one that is wrong keeps all out', () => {
    const faults = new Faults(['hang=1']);
    expect(() => faults.replace(['throttle=1', 'nonsense'], true)).toThrow(SandboxOptionError);
    expect(faults.describe()).toEqual(['hang=1']);
  });

  test('the README lists exactly these', async () => {
    const text = await readFile(join(__dirname, '../../sandbox/README.md'), 'utf8');
    const readme = text.replaceAll(/ +/g, ' ');
    for (const { form, what } of Object.values(FAULT_KINDS))
      expect(readme).toContain(`| \`${form}\` | ${what} |`);
  });
});

describe('a sandbox', () => {
  let tenant: TestSandbox;
  beforeAll(async () => {
    tenant = await startTestSandbox();
    await tenant.graph('GET', '/domains');
    await tenant.graph('GET', '/applications', { as: 'reader' });
  });
  afterEach(() => tenant.control({ clearFaults: true, latencyMs: 0 }));
  afterAll(() => tenant.dispose());

  const status = async (method = 'GET', path = '/domains', body?: unknown) =>
    (await tenant.graph(method, path, body === undefined ? {} : { body })).status;

  test('throttles the next Graph requests, with the seconds given, and no token request', async () => {
    await tenant.control({ faults: ['throttle=2:3'] });
    const answer = await tenant.graph('GET', '/domains');
    expect(answer).toMatchObject({
      status: 429,
      headers: { 'retry-after': '3' },
      body: { error: { code: 'TooManyRequests' } },
    });
    expect(typeof (await tenant.token('reader'))).toBe('string');
    expect(await status()).toBe(429);
    expect(await status()).toBe(200);
  });

  test('fails at one route only, with Retry-After: 0', async () => {
    await tenant.control({ faults: ['serverError=1@POST /applications'] });
    expect(await status()).toBe(200);
    const answer = await tenant.graph('POST', '/applications', { body: { displayName: 'x' } });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '0' } });
    expect(await status('POST', '/applications', { displayName: 'x' })).toBe(201);
  });

  test('fails at the token endpoint where it is named', async () => {
    await tenant.control({ faults: ['throttle=1@POST /*/oauth2/v2.0/token'] });
    await expect(tenant.token('reader')).rejects.toThrow('TooManyRequests');
    expect(typeof (await tenant.token('reader'))).toBe('string');
  });

  test.each([
    ['dropBefore', 0],
    ['dropAfter', 1],
  ])('%s breaks the connection with the request taking effect %d times', async (fault, times) => {
    const displayName = freshName(fault);
    await tenant.control({ faults: [`${fault}=1@POST /applications`] });
    await expect(tenant.graph('POST', '/applications', { body: { displayName } })).rejects.toThrow();
    const found = await must(tenant.graph('GET', `/applications?$filter=displayName eq '${displayName}'`));
    expect(found.value).toHaveLength(times);
    expect(await status('POST', '/applications', { displayName })).toBe(201);
  });

  test('hangs until the caller gives up', async () => {
    await tenant.control({ faults: ['hang=1'] });
    const hung = tenant.graph('GET', '/domains');
    let answered = false;
    hung.then(
      () => {
        answered = true;
      },
      () => undefined,
    );
    expect(await status()).toBe(200);
    expect(await status()).toBe(200);
    expect(answered).toBe(false);
  });

  test('waits before each answer', async () => {
    await tenant.control({ latencyMs: 60 });
    const start = performance.now();
    await tenant.graph('GET', '/domains');
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
  });

  test('tells what is in force, and refuses controls that it does not understand', async () => {
    await tenant.control({
      faults: ['hang=4', 'replicationDelay=9'],
      clock: { set: '2030-01-01T00:00:00Z' },
    });
    const told = (await tenant.control({})) as { clock: string };
    expect(told).toMatchObject({ faults: ['replicationDelay=9', 'hang=4'], latencyMs: 0 });
    expect(told.clock).toMatch(/^2030-01-01T00:0/);
    for (const command of [
      { fault: [] },
      { faults: 'hang=1' },
      { faults: ['hnag=1'] },
      { clock: 'tomorrow' },
      { clock: { set: 'tomorrow' } },
      { clock: { advanceMs: 'x' } },
      { clock: {} },
      { latencyMs: -1 },
      { clearFaults: false },
    ]) {
      await expect(tenant.control(command)).rejects.toThrow(/allowed/);
    }
    expect(await tenant.control({})).toMatchObject({ faults: ['replicationDelay=9', 'hang=4'] });
    await tenant.control({ clock: { set: new Date().toISOString() } });
  });
});

describe('replication', () => {
  const HOUR = 3_600_000;
  let tenant: TestSandbox;
  beforeEach(async () => {
    tenant = await startTestSandbox();
  });
  afterEach(() => tenant.dispose());
  const delay = () => tenant.control({ faults: [`replicationDelay=${HOUR}`] });
  /** The delay goes by the sandbox's clock: no test waits. */
  const pass = () => tenant.control({ clock: { advanceMs: HOUR } });

  test('hides a fresh application, and what is made of it', async () => {
    await delay();
    const { id, appId } = await makeApplication(tenant);
    const path = `/applications/${id}`;
    const hidden = { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } };
    expect(await tenant.graph('GET', path)).toMatchObject(hidden);
    expect(await tenant.graph('PATCH', path, { body: { notes: null } })).toMatchObject(hidden);
    expect(await tenant.graph('POST', `${path}/addPassword`, { body: {} })).toMatchObject(hidden);
    expect((await must(tenant.graph('GET', `/applications?$filter=appId eq '${appId}'`))).value).toEqual([]);
    const refused = await tenant.graph('POST', '/servicePrincipals', { body: { appId } });
    expect(refused).toMatchObject({ status: 400 });
    expect(refused.body.error.message).toMatch(
      /The appId '.+' of the service principal does not reference a valid application object/,
    );
    await pass();
    expect((await tenant.graph('GET', path)).status).toBe(200);
    expect((await tenant.graph('POST', '/servicePrincipals', { body: { appId } })).status).toBe(201);
  });

  test('hides a fresh service principal from assignments', async () => {
    const { appId } = await makeApplication(tenant);
    await delay();
    const { id } = await makePrincipal(tenant, appId);
    expect((await tenant.graph('GET', `/servicePrincipals/${id}`)).status).toBe(404);
    await expect(grant(tenant, id, 'Place.Read.All')).rejects.toThrow('Not a valid reference update');
    await expect(makePrincipal(tenant, appId)).rejects.toThrow(/409.*already in use/);
    await pass();
    expect(await grant(tenant, id, 'Place.Read.All')).toMatchObject({ id: expect.any(String) });
  });

  test('refuses a fresh secret, and a fresh consent shows later', async () => {
    const { id, appId } = await makeApplication(tenant);
    const principal = await makePrincipal(tenant, appId);
    await delay();
    const { secretText, keyId } = await must(
      tenant.graph('POST', `/applications/${id}/addPassword`, { body: {} }),
    );
    const form = secretForm(tenant, { appId, secret: secretText });
    expect((await tenant.tokenRequest(form)).body.error_codes).toEqual([7000215]);
    expect((await must(tenant.graph('GET', `/applications/${id}`))).passwordCredentials).toEqual([]);
    await pass();
    expect((await tenant.tokenRequest(form)).status).toBe(200);
    expect((await must(tenant.graph('GET', `/applications/${id}`))).passwordCredentials).toMatchObject([
      { keyId },
    ]);
    const consent = await grant(tenant, principal.id, 'Place.Read.All');
    const path = `/servicePrincipals/${consent.resourceId}/appRoleAssignedTo/${consent.id}`;
    expect((await tenant.graph('GET', path)).status).toBe(404);
    await pass();
    expect((await tenant.graph('GET', path)).status).toBe(200);
  });
});
