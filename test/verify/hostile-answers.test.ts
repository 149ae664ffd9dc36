/** Whatever a server answers: a diagnosis or a result, never a thrown error, and nothing is read from anywhere else. */
import fc from 'fast-check';
import { readEwsAnswer } from '../../infra/verify/ews/answer.js';
import { MESSAGES, SOAP, TYPES } from '../../infra/verify/ews/namespaces.js';
import { readXml } from '../../infra/verify/ews/xml.js';

const ASKED = ['anna@contoso.com'];

function response(event: string, view = 'Detailed'): string {
  return `<?xml version="1.0" encoding="utf-8"?><S:Envelope xmlns:S="${SOAP}"><S:Body><r:GetUserAvailabilityResponse xmlns:r="${MESSAGES}" xmlns="${TYPES}"><r:FreeBusyResponseArray><r:FreeBusyResponse><r:ResponseMessage ResponseClass="Success"><r:ResponseCode>NoError</r:ResponseCode></r:ResponseMessage><r:FreeBusyView><FreeBusyViewType>${view}</FreeBusyViewType><CalendarEventArray>${event}</CalendarEventArray></r:FreeBusyView></r:FreeBusyResponse></r:FreeBusyResponseArray></r:GetUserAvailabilityResponse></S:Body></S:Envelope>`;
}

const event = (subject: string) =>
  `<CalendarEvent><StartTime>2027-01-11T09:00:00</StartTime><EndTime>2027-01-11T10:00:00</EndTime><BusyType>Busy</BusyType><CalendarEventDetails><Subject>${subject}</Subject></CalendarEventDetails></CalendarEvent>`;

const GOOD = response(event('Review'));
const KINDS = ['attendees', 'fault', 'html', 'brokenXml', 'foreignXml', 'incomplete'];

const read = (text: string | Uint8Array) => readEwsAnswer(Buffer.from(text as string), ASKED);

test('names count by namespace, whatever the prefixes', () => {
  expect(read(GOOD)).toEqual({
    kind: 'attendees',
    answers: [
      {
        address: 'anna@contoso.com',
        detail: 'details',
        events: [
          {
            start: '2027-01-11T09:00:00Z',
            end: '2027-01-11T10:00:00Z',
            status: 'Busy',
            subject: 'Review',
            isPrivate: false,
          },
        ],
      },
    ],
  });
  expect(read(GOOD.replace(MESSAGES, `${MESSAGES}/`)).kind).toBe('foreignXml');
});

test('a document type is refused, with entities inside and outside', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'ha'.repeat(50)}">]>`;
  for (const prolog of [bomb, '<!DOCTYPE x SYSTEM "file:///etc/passwd">', '<!doctype x>']) {
    expect(read(GOOD.replace('?>', `?>${prolog}`)).kind).toBe('brokenXml');
  }
  // Not declared anywhere: it stays what it is.
  const answer = read(response(event('&a;&amp;&#65;&#x42;')));
  expect(answer).toMatchObject({ answers: [{ events: [{ subject: '&a;&AB' }] }] });
});

test.each([
  ['a page', '<!DOCTYPE html><html><body>Sign in</body></html>', 'html'],
  ['nothing', '', 'brokenXml'],
  ['half an answer', GOOD.slice(0, 400), 'brokenXml'],
  ['another service', '<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>', 'foreignXml'],
  ['a prefix that nobody declared', '<x:Envelope/>', 'brokenXml'],
  ['two roots', '<a/><b/>', 'brokenXml'],
  ['an answer about too few', GOOD.replace(/<r:FreeBusyResponse>.*<\/r:FreeBusyResponse>/, ''), 'incomplete'],
  ['deep nesting', `${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}`, 'brokenXml'],
])('%s is told apart', (_, text, kind) => {
  expect(read(text).kind).toBe(kind);
});

test('an encoding that is none of XML is refused; UTF-16 with its mark is read', () => {
  expect(readXml(Uint8Array.from([0x3c, 0x61, 0xff, 0x2f, 0x3e])).kind).toBe('broken');
  const utf16 = Buffer.concat([
    Buffer.from([0xff, 0xfe]),
    Buffer.from(GOOD.replace('utf-8', 'utf-16'), 'utf16le'),
  ]);
  expect(readEwsAnswer(utf16, ASKED).kind).toBe('attendees');
});

test('texts for people have no control characters', () => {
  const answer = JSON.stringify(read(response(event('&#27;[2J\u202eevil'))));
  expect(answer).not.toMatch(/\\u001b|\u202e/);
});

test('any bytes end in one of the kinds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(KINDS).toContain(readEwsAnswer(bytes, ASKED).kind);
    }),
  );
});

test('a good answer with anything changed, cut out or put in ends in one of the kinds', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '&',
    '<![CDATA[',
    ']]>',
    '<!--',
    '<?x',
    '"',
    '</',
    'xmlns=""',
    '\0',
    '<a:b>',
    '&#0;',
    '\ud800',
  );
  fc.assert(
    fc.property(
      fc.nat(GOOD.length),
      fc.nat(60),
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { maxLength: 4 }),
      (at, length, inserted) => {
        const text = GOOD.slice(0, at) + inserted.join('') + GOOD.slice(at + length);
        expect(KINDS).toContain(read(text).kind);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('names that objects have anyway are names like others', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect(KINDS).toContain(read(`<${name} ${name}="1" xmlns="${SOAP}"/>`).kind);
    expect(KINDS).toContain(read(response(`<${name}>1</${name}>`)).kind);
    expect(read(response('', name))).toMatchObject({ answers: [{ detail: 'nothing' }] });
  }
});
