import fc from 'fast-check';
import {
  type Answer,
  headersOf,
  parseBody,
  readAnswer,
  readBatch,
} from '../../infra/exchange/transport/answers.js';

const READ = { cmdlet: 'Get-X', effect: 'read' } as const;
const WRITE = { cmdlet: 'Set-X', effect: 'write' } as const;
const answer = (status: number, body?: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers: headersOf(headers),
});
const INNER = 'Microsoft.Exchange.Admin.OData.Core.ODataServiceException';

describe('refusals', () => {
  const errors: [string, Answer, object][] = [
    [
      'a value that is no member of its enumeration',
      answer(400, {
        error: {
          code: 'BadRequest',
          message: 'Invalid Operation',
          innererror: {
            message: 'Invalid Operation',
            type: INNER,
            internalexception: {
              message: 'Cannot convert value "X".',
              type: 'Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException',
            },
          },
        },
      }),
      { className: 'ParameterTransformationException', text: 'Cannot convert value "X".', transient: false },
    ],
    [
      'an unknown parameter',
      answer(400, {
        error: {
          message: 'Invalid Operation',
          details: [
            {
              code: 'Client',
              message:
                '|Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException|A parameter cannot be found.',
            },
          ],
        },
      }),
      {
        className: 'AmbiguousParameterSetException',
        text: 'A parameter cannot be found.',
        category: undefined,
      },
    ],
    [
      'a text with bars of its own',
      answer(500, {
        error: {
          message: 'Error executing cmdlet',
          details: [{ code: 13, message: 'Ex1|a.b.CException|x|y' }],
        },
      }),
      { className: 'CException', text: 'x|y', category: 'ObjectNotFound', transient: false },
    ],
    [
      'a message without a class, which a header names',
      answer(500, { error: { details: [{ message: '||gone' }] } }, { 'x-ExceptionType': 'GoneException' }),
      { className: 'GoneException', text: 'gone', transient: false },
    ],
    [
      'a general message only',
      answer(404, { error: { code: 'x', message: 'Not here' } }),
      { text: 'Not here', status: 404 },
    ],
    ['an error that is text', answer(400, { error: 'nonsense' }), { text: 'nonsense' }],
    ['no body', answer(403), { category: 'PermissionDenied', status: 403, transient: false }],
    [
      'a web page',
      answer(502, parseBody(Buffer.from('<html>'))),
      { transient: true, status: 502, outcomeUnknown: true },
    ],
    ['a server that is away', answer(503), { transient: true, outcomeUnknown: false }],
    ['a method that is not there', answer(501), { transient: false }],
    [
      'a passing condition in a 400',
      answer(400, {
        error: { details: [{ message: '|Microsoft.Exchange.Data.Storage.StorageTransientException|busy' }] },
      }),
      { transient: true, outcomeUnknown: true, className: 'StorageTransientException' },
    ],
  ];

  test.each(errors)('%s', (_, given, expected) => {
    const reading = readAnswer(READ, given, 0);
    if (reading.kind !== 'refusal') throw new Error(`it was ${reading.kind}`);
    expect(reading.error).toMatchObject({ cmdlet: 'Get-X', ...expected });
  });

  test('throttling, by status or by class, with the wait that is asked for', () => {
    const byStatus = readAnswer(READ, answer(429, undefined, { 'Retry-After': '1.5' }), 0);
    expect(byStatus).toMatchObject({
      throttled: true,
      retryAfterMs: 1500,
      error: { transient: true, outcomeUnknown: false },
    });
    const byClass = readAnswer(
      READ,
      answer(400, {
        error: { details: [{ message: '|Microsoft.Exchange.Data.Storage.OverBudgetException|x' }] },
      }),
      0,
    );
    expect(byClass).toMatchObject({ throttled: true, error: { transient: true } });
  });

  test('401 with claims and without', () => {
    const claims = '{"access_token":{}}';
    const header = `Bearer realm="", claims="${Buffer.from(claims).toString('base64')}", error="insufficient_claims"`;
    expect(readAnswer(READ, answer(401, undefined, { 'WWW-Authenticate': header }), 0)).toMatchObject({
      kind: 'unauthorized',
      claims,
    });
    for (const broken of ['Bearer claims="!!"', 'Bearer claims="bm8="', 'Bearer']) {
      expect(readAnswer(READ, answer(401, undefined, { 'WWW-Authenticate': broken }), 0)).toMatchObject({
        kind: 'unauthorized',
        claims: undefined,
      });
    }
  });

  test('errors inside of a success: as text or as objects', () => {
    for (const error of [
      'a|b.CException|t',
      { message: 'a|b.CException|t' },
      { details: [{ message: 'a|b.CException|t' }] },
    ]) {
      expect(readAnswer(READ, answer(200, { value: [], '@adminapi.errors': [error] }), 0)).toMatchObject({
        kind: 'refusal',
        error: { className: 'CException', text: 't' },
      });
    }
    expect(readAnswer(READ, answer(200, { value: [], '@adminapi.errors': [] }), 0).kind).toBe('page');
  });
});

describe('successes', () => {
  test('a list, its warnings and its next page', () => {
    const body = {
      '@odata.context': 'x',
      '@adminapi.warnings': ['w'],
      value: [{ A: 1, 'A@data.type': 'System.Int32', '@odata.id': 'x' }],
      '@odata.nextLink': 'https://x/next',
    };
    expect(readAnswer(READ, answer(200, body), 0)).toEqual({
      kind: 'page',
      rows: [{ A: 1 }],
      warnings: ['w'],
      nextLink: 'https://x/next',
    });
  });

  test('warnings in a header', () => {
    const warnings = (header: string) =>
      readAnswer(READ, answer(200, { value: [] }, { 'X-Warnings': header }), 0);
    expect(warnings('["a","b"]')).toMatchObject({ warnings: ['a', 'b'] });
    expect(warnings('plain')).toMatchObject({ warnings: ['plain'] });
  });

  test('a bare list and a bare row', () => {
    expect(readAnswer(READ, answer(200, [{ A: 1 }]), 0)).toMatchObject({ rows: [{ A: 1 }] });
    expect(readAnswer(READ, answer(200, { A: 1, '@odata.context': 'x' }), 0)).toMatchObject({
      rows: [{ A: 1 }],
    });
  });

  test('nothing is a success of a write, never of a read', () => {
    for (const body of [undefined, null, { '@odata.context': 'x' }]) {
      expect(readAnswer(WRITE, answer(200, body), 0)).toMatchObject({ kind: 'page', rows: [] });
      expect(readAnswer(READ, answer(200, body), 0)).toMatchObject({
        kind: 'refusal',
        error: { transient: true },
      });
    }
  });

  test('a question is no success', () => {
    const asked = answer(200, { value: [], '@adminapi.confirmationmessage': 'Sure?' });
    expect(readAnswer(WRITE, asked, 0)).toMatchObject({
      kind: 'refusal',
      error: { text: expect.stringContaining('Sure?') },
    });
  });
});

describe('batches', () => {
  test('members by id, with headers in any case; without a status by their content', () => {
    const members = readBatch({
      responses: [
        { id: 1, status: 429, headers: { 'Retry-After': '2' }, body: { error: {} } },
        { id: '0', body: { value: [] } },
        { id: '2', body: { error: { message: 'x' } } },
        { status: 200 },
      ],
    });
    expect([...(members ?? new Map()).keys()].sort()).toEqual(['0', '1', '2']);
    expect(members?.get('1')?.headers.get('retry-after')).toBe('2');
    expect(members?.get('0')?.status).toBe(200);
    expect(members?.get('2')?.status).toBe(500);
  });

  test('anything else is no answer to a batch', () => {
    for (const body of [undefined, null, [], {}, { responses: {} }]) expect(readBatch(body)).toBeUndefined();
  });
});

test('bytes that are no JSON are nothing', () => {
  expect(parseBody(new Uint8Array(100))).toBeUndefined();
  expect(parseBody(new Uint8Array(0))).toBeUndefined();
  expect(parseBody(Buffer.from('{"a":'))).toBeUndefined();
  expect(parseBody(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
});

test('no answer is too odd to be read, and none but a success gives rows (property)', () => {
  const status = fc.oneof(
    fc.constantFrom(200, 400, 401, 403, 429, 500, 503),
    fc.integer({ min: 100, max: 599 }),
  );
  const keys = fc.constantFrom(
    'value',
    'error',
    'details',
    'message',
    'innererror',
    '@adminapi.errors',
    '@odata.nextLink',
    'A',
  );
  const body = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 2 }),
      fc.dictionary(keys, tie('node'), { maxKeys: 4 }),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node;
  fc.assert(
    fc.property(
      status,
      body,
      fc.dictionary(fc.constantFrom('retry-after', 'www-authenticate', 'x-warnings'), fc.string()),
      (code, content, headers) => {
        const reading = readAnswer(READ, answer(code, content, headers), 0);
        if (code < 200 || code > 299) expect(reading.kind).not.toBe('page');
        if (reading.kind === 'refusal') expect(typeof reading.error.text).toBe('string');
        readBatch(content);
      },
    ),
    { numRuns: 300 },
  );
});
