/** One thing broken at a time: by faults, by certificates, and on the on-premises endpoint; and the README's table of them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { LOOK_UP_FAULTS, LOOK_UP_SETTINGS, parseLookUpFault } from '../../sandbox/look-up-faults.js';
import { SandboxOptionError } from '../../sandbox/options.js';
import { secretForm } from '../sandbox/support/principals.js';
import { EXCHANGE_SCOPE } from '../sandbox-exchange/support/exchange.js';
import type { Answer } from '../support/sandbox.js';
import { type EwsTenant, entriesOf, envelopeOf, faultOf, ROLE_ACCOUNT, startEws } from './support/tenant.js';

let tenant: EwsTenant;
beforeAll(async () => {
  tenant = await startEws();
});
afterEach(() => tenant.tenant.control({ clearFaults: true }));
afterAll(() => tenant.dispose());

const arm = (...faults: readonly string[]) => tenant.tenant.control({ faults });
const ask = () => tenant.lookUp({ attendees: [ROLE_ACCOUNT, 'nobody@contoso.com'] });

test.each<readonly [string, (answer: Answer<string>) => unknown, unknown]>([
  [
    'ewsHtml=1',
    ({ status, headers }) => [status, headers['content-type']],
    [200, 'text/html; charset=utf-8'],
  ],
  ['ewsNotFound=1', ({ status }) => status, 404],
  ['ewsServerError=1', ({ status, body }) => [status, body.includes('<html>')], [500, true]],
  ['ewsUnavailable=1:9', ({ status, headers }) => [status, headers['retry-after']], [503, '9']],
  [
    'ewsBusy=1:2',
    (answer) => [faultOf(answer).code, faultOf(answer).values[0]['#text']],
    ['ErrorServerBusy', '2000'],
  ],
  [
    'ewsExpiredToken=1',
    ({ status, headers }) => [status, /expired/.test(headers['www-authenticate'] ?? '')],
    [401, true],
  ],
  [
    'ewsRestricted=1',
    ({ status, headers, body }) => [status, headers['restrict-access-confirm'], body],
    [403, '1', undefined],
  ],
  ['ewsFault=1@ErrorImpersonateUserDenied', (answer) => faultOf(answer).code, 'ErrorImpersonateUserDenied'],
  ['ewsEmpty=1', ({ status, body }) => [status, body], [200, undefined]],
  ['ewsTruncated=1', ({ body }) => body.includes('</s:Envelope>'), false],
  ['ewsHuge=1', ({ body }) => body.length > 20_000_000, true],
  ['ewsEntities=1', ({ body }) => body.includes('<!DOCTYPE') && body.includes('&file;'), true],
  ['ewsWrongNamespace=1', ({ body }) => body.includes('"https://schemas.microsoft.com'), true],
  ['ewsFewerEntries=1', (answer) => entriesOf(answer).length, 1],
])('%s hits one request and no more', async (fault, look, expected) => {
  await arm(fault);
  expect(look(await ask())).toEqual(expected);
  expect(entriesOf(await ask())).toHaveLength(2);
});

test('redirects lead to another host', async () => {
  await arm('ewsRedirect=1');
  const dispatcher = tenant.tenant.dispatcher;
  const authorization = `Bearer ${await tenant.ewsToken()}`;
  const headers = { authorization, 'content-type': 'text/xml' };
  const { info } = tenant.tenant.sandbox;
  const answer = await fetch(info.ews, {
    method: 'POST',
    headers,
    body: 'x',
    redirect: 'manual',
    dispatcher,
  });
  expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://login.example.com/owa/']);
});

test.each([
  [7000215, 401],
  [7000222, 401],
  [7000112, 400],
  [700016, 400],
  [7000229, 401],
  [90002, 400],
  [90033, 400],
  [53003, 400],
])('a token is refused with AADSTS%d on demand', async (code, status) => {
  await arm(`tokenRefused=1@${code}`);
  const form = secretForm(tenant.tenant, tenant.google, { scope: EXCHANGE_SCOPE });
  const refused = await tenant.tenant.tokenRequest(form);
  expect(refused).toMatchObject({ status, body: { error_codes: [code] } });
  expect(refused.body.error_description).not.toContain('undefined');
  expect((await tenant.tenant.tokenRequest(form)).status).toBe(200);
});

test.each([
  ['expired', 'CERT_HAS_EXPIRED'],
  ['notYetValid', 'CERT_NOT_YET_VALID'],
  ['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
])('a listener with a certificate that is %s', async (certificate, code) => {
  const open = () =>
    tenant.tenant.request<{ ews: string }>('/sandbox/listener', {
      method: 'POST',
      headers: { 'x-sandbox': '1' },
      body: JSON.stringify({ certificate }),
    });
  const { body } = await open();
  expect((await open()).body).toEqual(body);
  await expect(fetch(body.ews, { dispatcher: tenant.tenant.dispatcher })).rejects.toMatchObject({
    cause: { code },
  });
  const careless = new Agent({ connect: { rejectUnauthorized: false } });
  expect((await fetch(body.ews, { dispatcher: careless })).status).toBe(401);
  await careless.destroy();
});

test('an unknown flaw is refused with those that are known', async () => {
  const answer = await tenant.tenant.request<{ error: string }>('/sandbox/listener', {
    method: 'POST',
    headers: { 'x-sandbox': '1' },
    body: '{"certificate": "fine"}',
  });
  expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('wrongHost')]);
});

describe('on premises', () => {
  const at = async (name: string, password: string, more: object = {}, scheme = 'Basic') => {
    const authorization = `${scheme} ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    const answer = await fetch(tenant.tenant.sandbox.info.onPremises.ews, {
      method: 'POST',
      headers: { authorization, 'content-type': 'text/xml' },
      body: envelopeOf({ as: null, attendees: [tenant.addresses[0] ?? ''], ...more }),
      dispatcher: tenant.tenant.dispatcher,
    });
    const text = await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: text };
  };

  test('name and password are let in, and act as themselves', async () => {
    const { account, password } = tenant.tenant.sandbox.info.onPremises;
    const answer = await at(account, password);
    expect(entriesOf(answer)[0].FreeBusyView.FreeBusyViewType).toBe('DetailedMerged');
    expect(faultOf(await at(account, password, { as: ROLE_ACCOUNT })).code).toBe(
      'ErrorImpersonateUserDenied',
    );
  });

  test('wrong ones and tokens are not', async () => {
    const { account, password } = tenant.tenant.sandbox.info.onPremises;
    for (const answer of [
      await at(account, `${password}x`),
      await at('nobody@contoso.com', password),
      await at(account, password, {}, 'Bearer'),
    ]) {
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        expect.stringMatching(/^Basic realm=/),
      ]);
    }
  });
});

describe('the table', () => {
  test('the README lists exactly these', async () => {
    const text = await readFile(join(__dirname, '../../sandbox/README.md'), 'utf8');
    const readme = text.replaceAll(/ +/g, ' ');
    for (const { form, what } of Object.values({ ...LOOK_UP_SETTINGS, ...LOOK_UP_FAULTS })) {
      expect(readme).toContain(`| \`${form.replace('|', '\\|')}\` | ${what} |`);
    }
  });

  test.each([
    'ewsHtml',
    'ewsHtml=-1',
    'ewsHtml=1@x',
    'ewsHtml=1:2',
    'ewsRetired=2',
    'tokenRefused=1',
    'tokenRefused=1@1',
    'attendeeError=1@Error',
  ])('%s is refused', (text) => {
    expect(() => parseLookUpFault(text)).toThrow(SandboxOptionError);
  });

  test('what is in force can be given again', async () => {
    const faults = ['ewsSlow=1', 'tokenRefused=3@7000222', 'ewsBusy=2:4', 'ewsHtml=1'];
    expect(((await arm(...faults)) as { faults: string[] }).faults).toEqual([
      'defaultRights=LimitedDetails',
      ...faults,
    ]);
  });
});
