import { entraCode, entraFault, entraSentence } from '../../infra/graph/aadsts.js';
import { cloudByName, ownCloud } from '../../infra/graph/cloud.js';
import { proxyFor } from '../../infra/graph/proxy.js';
import { isTransient, isUntouched, waitBefore } from '../../infra/graph/retry.js';
import { withoutSecrets } from '../../infra/graph/scrub.js';
import { readClaims } from '../../infra/graph/token-claims.js';
import { fakeToken } from './support/https-server.js';

const ANSWER =
  'invalid_client: Error(s): 7000215 - AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value. ' +
  'Trace ID: 1234 Correlation ID: 5678 Timestamp: 2026-01-01 00:00:00Z';

describe("Entra's codes", () => {
  test.each([
    ['700016', /no application with this client id/],
    ['7000215', /secret is not one of those/],
    ['7000222', /secret has expired/],
    ['90002', /no such tenant/],
    ['700027', /certificate is not one of those/],
    ['700024', /clock/],
    ['70021', /no federated credential/],
    ['700213', /subject/],
    ['7000229', /no service principal/],
    ['50034', /user does not exist/],
    ['65002', /Azure CLI may not/],
  ])('AADSTS%s is explained, with what to do', (code, means) => {
    expect(entraFault(code).means).toMatch(means);
    expect(entraFault(code).next).not.toEqual([]);
  });

  test('a code that is not in the table leads to its page at Microsoft', () => {
    expect(entraFault('99999').next.join()).toContain('code=99999');
    expect(entraFault('constructor').means).toBe('Entra does not allow it');
  });

  test('code and sentence are taken out of an answer, without its trace ids', () => {
    expect(entraCode(ANSWER)).toBe('7000215');
    expect(entraSentence(ANSWER)).toBe(
      'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value.',
    );
    expect(entraCode('nothing of the kind')).toBeUndefined();
  });
});

describe('clouds', () => {
  test.each([
    [undefined, 'https://login.microsoftonline.com', 'https://graph.microsoft.com', 'outlook.office365.com'],
    ['global', 'https://login.microsoftonline.com', 'https://graph.microsoft.com', 'outlook.office365.com'],
    [
      'usgovernment',
      'https://login.microsoftonline.us',
      'https://graph.microsoft.us',
      'outlook.office365.us',
    ],
    [
      'usgovernmentl5',
      'https://login.microsoftonline.us',
      'https://dod-graph.microsoft.us',
      'outlook-dod.office365.us',
    ],
    [
      'China',
      'https://login.chinacloudapi.cn',
      'https://microsoftgraph.chinacloudapi.cn',
      'partner.outlook.cn',
    ],
  ])('%s', (name, authority, graph, exchange) => {
    expect(cloudByName(name)).toMatchObject({
      authority,
      graph,
      exchange: `https://${exchange}`,
      ews: `https://${exchange}/ews/exchange.asmx`,
      knownToMicrosoft: true,
    });
  });

  test.each(['germany', 'toString', ''])('%j is none', (name) => {
    expect(() => cloudByName(name, 'ARM_ENVIRONMENT')).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('ARM_ENVIRONMENT') }),
    );
  });

  test("a cloud of somebody's own is vouched for only under an authority of Microsoft", () => {
    expect(ownCloud('own', 'https://localhost:1', 'https://localhost:1').knownToMicrosoft).toBe(false);
    expect(ownCloud('own', 'https://login.microsoftonline.us', 'https://g').knownToMicrosoft).toBe(true);
  });
});

describe('waiting', () => {
  const now = () => Date.parse('2026-01-01T00:00:00Z');

  test('Retry-After decides, in seconds or as a date', () => {
    expect(waitBefore(1, '7')).toBe(7_000);
    expect(waitBefore(5, '0')).toBe(0);
    expect(waitBefore(1, 'Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9_000);
    expect(waitBefore(1, 'Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  });

  test('without it the waits double, up to a limit', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 20].map((attempt) => waitBefore(attempt, null, now, () => 0.5));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
    expect(waitBefore(1, 'soon', now, () => 0.5)).toBe(500);
  });

  test('what may go away by itself, and what a write may repeat', () => {
    expect([200, 400, 403, 404, 408, 429, 500, 501, 503, 504].filter(isTransient)).toEqual([
      408, 429, 500, 503, 504,
    ]);
    expect([408, 429, 500, 503, 504].filter(isUntouched)).toEqual([429, 503]);
  });
});

describe('proxies', () => {
  const through = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env);
  const proxy = { HTTPS_PROXY: 'http://proxy.example:3128' };

  test('https_proxy, else HTTPS_PROXY', () => {
    expect(through('https://graph.microsoft.com/', {})).toBeUndefined();
    expect(through('https://graph.microsoft.com/', proxy)).toBe('http://proxy.example:3128');
    expect(through('https://graph.microsoft.com/', { ...proxy, https_proxy: 'http://small:1' })).toBe(
      'http://small:1',
    );
  });

  test.each(['https://localhost:8443/', 'https://127.0.0.1:8443/', 'https://[::1]:8443/'])(
    'never for %s',
    (url) => {
      expect(through(url, proxy)).toBeUndefined();
    },
  );

  test.each([
    ['*', true],
    ['graph.microsoft.com', true],
    ['microsoft.com', true],
    ['.microsoft.com', true],
    ['*.microsoft.com', true],
    ['example.com, graph.microsoft.com:443', true],
    ['graph.microsoft.com:8443', false],
    ['soft.com', false],
    ['example.com', false],
  ])('no_proxy %j spares Graph: %j', (list, spared) => {
    expect(through('https://graph.microsoft.com/v1.0', { ...proxy, no_proxy: list }) === undefined).toBe(
      spared,
    );
  });
});

test('secrets are taken out of texts in each form', () => {
  const secret = "a'b c&~d=";
  const text = `1 ${secret} 2 ${encodeURIComponent(secret)} 3 ${new URLSearchParams({ secret })} 4`;
  expect(withoutSecrets(text, [secret])).toBe('1 *** 2 *** 3 secret=*** 4');
  expect(withoutSecrets('nothing', [''])).toBe('nothing');
});

test('claims are read, and what is no token gives none', () => {
  expect(readClaims(fakeToken({ tid: 't', oid: 'o', roles: ['r'], exp: 1 }))).toEqual({
    tid: 't',
    roles: ['r'],
    exp: 1,
  });
  expect(readClaims('opaque')).toBeUndefined();
  expect(readClaims('a.!!!.c')).toBeUndefined();
});
