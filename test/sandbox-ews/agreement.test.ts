/** Merged string and events agree; EWS and Graph show the same, for whatever rights, windows and intervals. */
import fc from 'fast-check';
import { type BusyType, type CalendarEvent, overlaps } from '../../sandbox/availability/event.js';
import { seededEvents } from '../../sandbox/availability/seeded-calendar.js';
import { mergedFreeBusy, shown, visibilityFor } from '../../sandbox/availability/view.js';
import { toLocal, toUtc } from '../../sandbox/availability/zones.js';
import { SeededRandom } from '../../sandbox/random.js';
import { makeClient, tokenOf } from '../sandbox/support/principals.js';
import { type EwsTenant, entriesOf, ROLE_ACCOUNT, startEws, type Tree } from './support/tenant.js';

const MINUTE_MS = 60_000;
const BUSY: readonly BusyType[] = ['Free', 'WorkingElsewhere', 'Tentative', 'Busy', 'OOF'];
const DIGIT: Readonly<Record<BusyType, string>> = {
  Free: '0',
  WorkingElsewhere: '4',
  Tentative: '1',
  Busy: '2',
  OOF: '3',
};

const spanOf = (mostMinutes: number) =>
  fc
    .tuple(fc.integer({ min: -500, max: 3000 }), fc.integer({ min: 0, max: mostMinutes }))
    .map(([start, length]) => ({ start: start * MINUTE_MS, end: (start + length) * MINUTE_MS }));
const eventArbitrary = fc
  .record({ span: spanOf(600), busy: fc.constantFrom(...BUSY) })
  .map(({ span, busy }) => ({ ...span, busy }));

test('each digit of the merged string is the weightiest event of its interval, and nothing else', () => {
  const windows = spanOf(2000).filter(({ start, end }) => end > start);
  fc.assert(
    fc.property(
      fc.array(eventArbitrary, { maxLength: 8 }),
      windows,
      fc.integer({ min: 5, max: 1440 }),
      (events, window, minutes) => {
        const step = minutes * MINUTE_MS;
        const merged = mergedFreeBusy(events, window, step);
        expect(merged).toHaveLength(Math.ceil((window.end - window.start) / step));
        [...merged].forEach((digit, index) => {
          const start = window.start + index * step;
          const slot = { start, end: Math.min(window.end, start + step) };
          const within = events
            .filter((event) => overlaps(event, slot))
            .map(({ busy }) => BUSY.indexOf(busy));
          expect(digit).toBe(DIGIT[BUSY[Math.max(0, ...within)] ?? 'Free']);
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('a wall clock that shows a time is found again, and times come out as they went in', () => {
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Sydney',
    'UTC',
  );
  const instant = fc
    .integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) })
    .map((time) => Math.floor(time / 1000) * 1000);
  fc.assert(
    fc.property(zone, instant, (name, utc) => {
      const local = toLocal(utc, name);
      // In the hour that clocks show twice, the first is meant.
      expect([utc, utc - 60 * MINUTE_MS]).toContain(toUtc(local, name));
      expect(toLocal(toUtc(local, name), name)).toBe(local);
    }),
  );
});

test('a calendar is the same however the window is cut', () => {
  const random = new SeededRandom(7);
  const owner = { userId: random.uuid('somebody'), number: 4 };
  const begin = Date.UTC(2026, 10, 1);
  const hour = 60 * MINUTE_MS;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 100 }), (from, length) => {
      const window = { start: begin + from * hour, end: begin + (from + length) * hour };
      const whole = seededEvents(random, owner, {
        start: begin - 90 * 24 * hour,
        end: begin + 90 * 24 * hour,
      });
      expect(seededEvents(random, owner, window)).toEqual(whole.filter((event) => overlaps(event, window)));
    }),
    { numRuns: 40 },
  );
});

test('no right shows what a lesser one hides', () => {
  const event: CalendarEvent = {
    id: 'AB',
    start: 0,
    end: 1,
    busy: 'Busy',
    subject: 's',
    location: 'l',
    isMeeting: true,
    isRecurring: false,
    isException: false,
    isReminderSet: true,
    isPrivate: false,
  };
  const of = (rights: string[], flags: string[] = []) =>
    visibilityFor({ Default: { rights, flags } }, 'viewer', 'owner');
  expect(of(['FolderVisible', 'ReadItems', 'EditOwnedItems']).level).toBe('all');
  expect(of([]).level).toBe('none');
  expect(shown(event, of(['AvailabilityOnly']))).toEqual({ start: 0, end: 1, busy: 'Busy' });
  const secret = { ...event, isPrivate: true };
  expect(shown(secret, of(['Editor'])).details).toEqual({ isPrivate: true });
  expect(shown(secret, of(['Editor'], ['Delegate', 'CanViewPrivateItems'])).details?.content?.subject).toBe(
    's',
  );
});

describe('both protocols', () => {
  let tenant: EwsTenant;
  let token: string;
  beforeAll(async () => {
    tenant = await startEws({ mailboxes: 40, seed: 11 });
    token = await tokenOf(tenant.tenant, await makeClient(tenant.tenant, ['Calendars.Read']));
  });
  afterAll(() => tenant.dispose());

  const ofEws = (entry: Tree) => {
    if (entry.ResponseMessage['@_ResponseClass'] === 'Error')
      return { error: entry.ResponseMessage.ResponseCode };
    const events = entry.FreeBusyView.CalendarEventArray?.CalendarEvent ?? [];
    return {
      merged: entry.FreeBusyView.MergedFreeBusy,
      events: events.map(({ StartTime, EndTime, BusyType, CalendarEventDetails }: Tree) => ({
        start: StartTime,
        end: EndTime,
        busy: BusyType.toLowerCase(),
        isPrivate: CalendarEventDetails?.IsPrivate,
        subject: CalendarEventDetails?.Subject,
        location: CalendarEventDetails?.Location,
      })),
    };
  };
  const ofGraph = (schedule: Tree) => {
    if (schedule.error !== undefined) return { error: schedule.error.responseCode };
    return {
      merged: schedule.availabilityView,
      events: schedule.scheduleItems.map(({ start, end, status, isPrivate, subject, location }: Tree) => ({
        start: start.dateTime.slice(0, 19),
        end: end.dateTime.slice(0, 19),
        busy: status.toLowerCase(),
        isPrivate: isPrivate === undefined ? undefined : String(isPrivate),
        subject,
        location,
      })),
    };
  };

  test('show the same for random rights, windows and attendees', async () => {
    const levels = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 39 }),
        fc.constantFrom('None', 'AvailabilityOnly', 'LimitedDetails', 'Reviewer', 'Contributor', 'Editor'),
        fc.constantFrom('Default', ROLE_ACCOUNT),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 13 * 24 }),
        fc.constantFrom(5, 15, 30, 60, 1440),
        async (index, right, user, from, hours, interval) => {
          const address = tenant.addresses[index] ?? ROLE_ACCOUNT;
          await tenant.setRights(address, user, right);
          const begin = Date.UTC(2026, 10, 1) + from * 3_600_000;
          const iso = (time: number) => new Date(time).toISOString().slice(0, 19);
          const window = { start: iso(begin), end: iso(begin + hours * 3_600_000) };
          const attendees = [address, ...tenant.addresses.slice(0, 3), 'nobody@contoso.com'];
          const [ews, graph] = await Promise.all([
            tenant.lookUp({ attendees, window, interval }),
            tenant.tenant.graph('POST', `/users/${ROLE_ACCOUNT}/calendar/getSchedule`, {
              as: token,
              body: {
                schedules: attendees,
                startTime: { dateTime: window.start, timeZone: 'UTC' },
                endTime: { dateTime: window.end, timeZone: 'UTC' },
                availabilityViewInterval: interval,
              },
            }),
          ]);
          const one = entriesOf(ews).map(ofEws);
          expect(graph.body.value.map(ofGraph)).toEqual(one);
          for (const entry of one) levels.add('error' in entry ? String(entry.error) : 'seen');
        },
      ),
      { numRuns: 40 },
    );
    expect([...levels].sort()).toEqual(['ErrorMailRecipientNotFound', 'ErrorNoFreeBusyAccess', 'seen']);
  });
});
