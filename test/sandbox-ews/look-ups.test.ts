/** GetUserAvailability on the wire: what shows at which right, times in the client's zone, limits, and input that is refused. */
import {
  type EwsTenant,
  entriesOf,
  envelopeOf,
  faultOf,
  ROLE_ACCOUNT,
  startEws,
  type Tree,
  UTC_RULES,
  WEEK,
} from './support/tenant.js';

let tenant: EwsTenant;
beforeAll(async () => {
  tenant = await startEws();
});
afterAll(() => tenant.dispose());
afterEach(() => tenant.tenant.control({ clearFaults: true, latencyMs: 0 }));

const one = async (
  address: string,
  options: Partial<Parameters<EwsTenant['lookUp']>[0]> = {},
): Promise<Tree> => entriesOf(await tenant.lookUp({ attendees: [address], ...options }))[0];
const eventsOf = (entry: Tree): Tree[] => entry.FreeBusyView.CalendarEventArray?.CalendarEvent ?? [];
const codeOf = async (body: string) => {
  const authorization = `Bearer ${await tenant.ewsToken()}`;
  const answer = await tenant.post(body, { authorization });
  return answer.status === 500 ? faultOf(answer).code : String(answer.status);
};

describe('the rights of the role account', () => {
  test.each([
    ['AvailabilityOnly', 'FreeBusyMerged', false],
    ['LimitedDetails', 'DetailedMerged', true],
    ['Reviewer', 'DetailedMerged', true],
    ['PublishingEditor', 'DetailedMerged', true],
  ])('%s of Default shows %s', async (right, view, hasDetails) => {
    const [, address = ''] = tenant.addresses;
    await tenant.setRights(address, 'Default', right);
    const entry = await one(address);
    expect(entry.ResponseMessage).toEqual({ '@_ResponseClass': 'Success', ResponseCode: 'NoError' });
    expect(entry.FreeBusyView.FreeBusyViewType).toBe(view);
    expect(entry.FreeBusyView.MergedFreeBusy).toMatch(/^[0-4]{336}$/);
    const events = eventsOf(entry);
    expect(events.length).toBeGreaterThanOrEqual(5);
    expect(events.some((event) => event.CalendarEventDetails !== undefined)).toBe(hasDetails);
  });

  test.each([['None'], ['Contributor'], ['FolderVisible']])('%s of Default shows nothing', async (right) => {
    const [, , address = ''] = tenant.addresses;
    await tenant.setRights(address, 'Default', right);
    const entry = await one(address);
    expect(entry.ResponseMessage).toMatchObject({
      '@_ResponseClass': 'Error',
      ResponseCode: 'ErrorNoFreeBusyAccess',
      DescriptiveLinkKey: '0',
    });
    expect(entry.FreeBusyView).toEqual({ FreeBusyViewType: 'None' });
  });

  test('an entry of its own counts instead of Default, up or down', async () => {
    const [, , , address = ''] = tenant.addresses;
    await tenant.setRights(address, 'Default', 'None');
    await tenant.setRights(address, ROLE_ACCOUNT, 'LimitedDetails');
    expect((await one(address)).FreeBusyView.FreeBusyViewType).toBe('DetailedMerged');
    await tenant.setRights(address, 'Default', 'Reviewer');
    await tenant.setRights(address, ROLE_ACCOUNT, 'AvailabilityOnly');
    expect((await one(address)).FreeBusyView.FreeBusyViewType).toBe('FreeBusyMerged');
  });

  test('private events show that they are, and nothing else; the owner sees all', async () => {
    const six = { start: '2026-11-02T00:00:00', end: '2026-12-14T00:00:00' };
    const found: Tree[] = [];
    for (const address of tenant.addresses.slice(4)) {
      const foreign = eventsOf(await one(address, { window: six }));
      await tenant.cmdlet('Set-CASMailbox', { Identity: address, EwsEnabled: true });
      const own = eventsOf(await one(address, { as: address, window: six }));
      expect(own).toHaveLength(foreign.length);
      foreign.forEach((event, index) => {
        const mine = own[index].CalendarEventDetails;
        if (mine.IsPrivate === 'false') expect(event).toEqual(own[index]);
        else found.push([event.CalendarEventDetails, mine]);
      });
    }
    expect(found.length).toBeGreaterThan(3);
    for (const [foreign, own] of found) {
      expect(foreign).toEqual({ IsPrivate: 'true' });
      expect(own).toMatchObject({ IsPrivate: 'true' });
    }
  });
});

test('failures are per attendee, in the order of the request, inside a 200', async () => {
  const [good = ''] = tenant.addresses;
  await tenant.tenant.control({ faults: ['attendeeError=1@ErrorFreeBusyGenerationFailed'] });
  const entries = entriesOf(await tenant.lookUp({ attendees: [good, "no'body@contoso.com", good] }));
  expect(entries.map((entry) => entry.ResponseMessage.ResponseCode)).toEqual([
    'ErrorFreeBusyGenerationFailed',
    'ErrorMailRecipientNotFound',
    'NoError',
  ]);
  expect(entries[1].ResponseMessage).toMatchObject({
    MessageText: expect.stringContaining(
      "Unable to resolve e-mail address &lt;no'body@contoso.com&gt;"
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>'),
    ),
    MessageXml: { ExceptionCode: '5009' },
  });
});

describe('views', () => {
  test.each([
    ['MergedOnly', true, false, false],
    ['FreeBusy', false, true, false],
    ['FreeBusyMerged', true, true, false],
    ['Detailed', false, true, true],
    ['DetailedMerged', true, true, true],
  ])('%s', async (view, hasMerged, hasEvents, hasDetails) => {
    const entry = await one(tenant.addresses[0] ?? '', { view });
    expect(entry.FreeBusyView.FreeBusyViewType).toBe(view);
    expect('MergedFreeBusy' in entry.FreeBusyView).toBe(hasMerged);
    const events = eventsOf(entry);
    expect(events.length > 0).toBe(hasEvents);
    expect(events.some((event) => event.CalendarEventDetails !== undefined)).toBe(hasDetails);
  });

  test('the interval sets the length of the merged string; its last part may be cut short', async () => {
    const window = { start: '2026-11-30T00:00:00', end: '2026-11-30T01:10:00' };
    const merged = (interval: number) =>
      one(tenant.addresses[0] ?? '', { window, interval }).then(
        (entry) => entry.FreeBusyView.MergedFreeBusy.length,
      );
    expect([await merged(5), await merged(30), await merged(1440)]).toEqual([14, 3, 1]);
  });
});

describe('time zones', () => {
  const times = (events: Tree[]) => events.map(({ StartTime, EndTime }) => [StartTime, EndTime]);
  const shifted = (events: Tree[], hours: number) =>
    times(events).map((pair) =>
      pair.map((time) => new Date(Date.parse(`${time}Z`) + hours * 3_600_000).toISOString().slice(0, 19)),
    );
  const pacific = UTC_RULES.replace('<ns2:Bias>0', '<ns2:Bias>480')
    .replace(/<ns2:StandardTime>.*?<\/ns2:StandardTime>/, rule('StandardTime', 0, 1, 11))
    .replace(/<ns2:DaylightTime>.*?<\/ns2:DaylightTime>/, rule('DaylightTime', -60, 2, 3));
  function rule(name: string, bias: number, order: number, month: number): string {
    return `<ns2:${name}><ns2:Bias>${bias}</ns2:Bias><ns2:Time>02:00:00</ns2:Time><ns2:DayOrder>${order}</ns2:DayOrder><ns2:Month>${month}</ns2:Month><ns2:DayOfWeek>Sunday</ns2:DayOfWeek></ns2:${name}>`;
  }
  const header = (id: string) =>
    `<ns2:TimeZoneContext><ns2:TimeZoneDefinition Id="${id}"/></ns2:TimeZoneContext>`;

  test.each([
    ['winter', 8, '2026-11-30', '2026-12-05'],
    ['summer', 7, '2026-08-03', '2026-08-08'],
  ])('rules of the request and the zone of the header mean the same in %s', async (_, hours, from, to) => {
    const address = tenant.addresses[0] ?? '';
    const local = { start: `${from}T00:00:00`, end: `${to}T00:00:00` };
    const utc = { start: `${from}T0${hours}:00:00`, end: `${to}T0${hours}:00:00` };
    const inUtc = eventsOf(await one(address, { window: utc }));
    expect(inUtc.length).toBeGreaterThan(3);
    const byRules = eventsOf(await one(address, { window: local, timeZone: pacific }));
    const byHeader = eventsOf(
      await one(address, { window: local, timeZone: '', header: header('Pacific Standard Time') }),
    );
    expect(times(byRules)).toEqual(shifted(inUtc, -hours));
    expect(byHeader).toEqual(byRules);
    expect(eventsOf(await one(address, { window: utc, timeZone: '' }))).toEqual(inUtc);
  });

  test('unknown or incomplete ones are refused, and the oldest clients have to tell theirs', async () => {
    const body = (options: object) => envelopeOf({ attendees: [ROLE_ACCOUNT], ...options });
    expect(await codeOf(body({ timeZone: '', header: header('Nowhere') }))).toBe('ErrorTimeZone');
    expect(await codeOf(body({ timeZone: '<ns2:TimeZone><ns2:Bias>0</ns2:Bias></ns2:TimeZone>' }))).toBe(
      'ErrorTimeZone',
    );
    expect(await codeOf(body({ timeZone: '' }).replace('Exchange2016', 'Exchange2007_SP1'))).toBe(
      'ErrorTimeZone',
    );
  });
});

describe('what is refused', () => {
  const body = (options: object = {}) => envelopeOf({ attendees: [ROLE_ACCOUNT], ...options });
  const many = (count: number) => Array.from({ length: count }, (_, index) => `user.${index}@contoso.com`);

  test.each<readonly [string, string, () => string]>([
    ['more than 100 attendees', 'ErrorInvalidRequest', () => body({ attendees: many(101) })],
    ['no attendee', 'ErrorSchemaValidation', () => body({ attendees: [] })],
    ['an address that is none', 'ErrorInvalidSmtpAddress', () => body({ attendees: ['x'] })],
    [
      'more than 42 days',
      'ErrorTimeIntervalTooBig',
      () => body({ window: { start: '2026-01-01T00:00:00', end: '2026-02-12T00:00:01' } }),
    ],
    [
      'an end before the start',
      'ErrorInvalidTimeInterval',
      () => body({ window: { start: WEEK.end, end: WEEK.start } }),
    ],
    ['an interval of 4 minutes', 'ErrorInvalidMergedFreeBusyInterval', () => body({ interval: 4 })],
    ['an interval of more than a day', 'ErrorInvalidMergedFreeBusyInterval', () => body({ interval: 1441 })],
    ['the view None', 'ErrorInvalidFreeBusyViewType', () => body({ view: 'None' })],
    ['an unknown view', 'ErrorSchemaValidation', () => body({ view: 'Everything' })],
    ['an unknown version', 'ErrorInvalidServerVersion', () => body().replace('Exchange2016', 'Exchange2099')],
    [
      'https namespaces',
      'ErrorSchemaValidation',
      () => body().replaceAll('http://schemas.xmlsoap', 'https://schemas.xmlsoap'),
    ],
    [
      'types in the namespace of messages',
      'ErrorSchemaValidation',
      () => body().replaceAll('ns2:MailboxData>', 'ns3:MailboxData>'),
    ],
    [
      'elements out of order',
      'ErrorSchemaValidation',
      () => body().replace(/(<ns2:StartTime>.*<\/ns2:StartTime>)(<ns2:EndTime>.*<\/ns2:EndTime>)/, '$2$1'),
    ],
    [
      'another operation',
      'ErrorInvalidRequest',
      () => body().replaceAll('GetUserAvailabilityRequest', 'FindItem'),
    ],
    ['more than 400 kB', 'ErrorRequestStreamTooBig', () => body({ header: `<!--${'x'.repeat(400_000)}-->` })],
    ['a document type', '400', () => body().replace('?>', '?><!DOCTYPE x [<!ENTITY e "x">]>')],
    ['an entity', '400', () => body().replace(ROLE_ACCOUNT, '&e;')],
    ['malformed XML', '400', () => body().slice(0, -3)],
    ['an undeclared prefix', '400', () => body().replace('xmlns:ns2', 'xmlns:ns9')],
    ['no XML', '400', () => 'hello'],
  ])('%s: %s', async (_, code, make) => {
    expect(await codeOf(make())).toBe(code);
  });

  test('GET, and other types of content', async () => {
    const authorization = `Bearer ${await tenant.ewsToken()}`;
    const get = await tenant.tenant.request('/EWS/Exchange.asmx', { headers: { authorization } });
    expect(get.status).toBe(405);
    expect((await tenant.post(body(), { authorization, 'content-type': 'application/json' })).status).toBe(
      415,
    );
  });

  test('100 attendees are not, and other prefixes neither', async () => {
    expect(entriesOf(await tenant.lookUp({ attendees: many(100) }))).toHaveLength(100);
    const renamed = body().replaceAll('ns2', 'types').replaceAll('ns3', 'm').replaceAll('SOAP-ENV', 'soap');
    expect(await codeOf(renamed)).toBe('200');
  });
});

describe('load', () => {
  test('a missing X-AnchorMailbox doubles the latency', async () => {
    await tenant.tenant.control({ latencyMs: 150 });
    const body = envelopeOf({ attendees: [ROLE_ACCOUNT] });
    const authorization = `Bearer ${await tenant.ewsToken()}`;
    const timed = async (headers: Record<string, string>) => {
      const began = performance.now();
      const { status } = await tenant.tenant.request('/EWS/Exchange.asmx', {
        method: 'POST',
        headers: { 'content-type': 'text/xml', authorization, ...headers },
        body,
      });
      expect(status).toBe(200);
      return performance.now() - began;
    };
    expect(await timed({})).toBeGreaterThanOrEqual(299);
    expect(await timed({ 'x-anchormailbox': ROLE_ACCOUNT })).toBeGreaterThanOrEqual(149);
  });

  test('too many requests at once, or attendees in one, are refused', async () => {
    await tenant.tenant.control({ faults: ['ewsCeiling=2', 'ewsSlow=1500', 'ewsMostAttendees=1'] });
    const answers = await Promise.all([1, 2, 3, 4].map(() => tenant.lookUp({ attendees: [ROLE_ACCOUNT] })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(faultOf(answer).code).toBe('ErrorExceededConnectionCount');
    }
    const two = faultOf(await tenant.lookUp({ attendees: [ROLE_ACCOUNT, ROLE_ACCOUNT] }));
    expect(two).toMatchObject({
      code: 'ErrorServerBusy',
      values: [{ '@_Name': 'BackOffMilliseconds', '#text': '1000' }],
    });
  });
});
