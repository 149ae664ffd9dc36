import { type CalendarPolicy, calendarServiceFrom, interopSwitchesOf } from '../../infra/google/policies.js';

const UNITS = [
  { id: 'root', path: '/' },
  { id: 'sales', path: '/Sales' },
];

function policy(
  type: string,
  value: Record<string, unknown>,
  query: CalendarPolicy['policyQuery'],
): CalendarPolicy {
  return { policyQuery: query, setting: { type: `settings/calendar.${type}`, value } };
}

test('of several policies for one unit the one with the highest sort order counts, wherever it stands', () => {
  const on = policy(
    'service_status',
    { serviceState: 'ENABLED' },
    { orgUnit: 'orgUnits/sales', sortOrder: 2 },
  );
  const off = policy(
    'service_status',
    { serviceState: 'DISABLED' },
    { orgUnit: 'orgUnits/sales', sortOrder: 9 },
  );
  for (const policies of [
    [on, off],
    [off, on],
  ]) {
    expect(calendarServiceFrom(policies, UNITS).units).toEqual(new Map([['/Sales', false]]));
  }
});

test("switches are the root's, in either spelling; what is not there is not known", () => {
  const root = { orgUnit: 'orgUnits/root', sortOrder: 1 };
  const unit = { orgUnit: 'orgUnits/sales', sortOrder: 5 };
  const snake = policy('interoperability', { enable_interoperability: false }, root);
  const other = policy('interoperability', { enableInteroperability: true }, unit);
  expect(interopSwitchesOf([snake, other], UNITS)).toEqual({
    interoperability: false,
    eventDetails: undefined,
    roomBooking: undefined,
  });
  expect(interopSwitchesOf([], UNITS).interoperability).toBeUndefined();
});

test('groups are counted, not guessed at', () => {
  const group = policy(
    'service_status',
    { serviceState: 'ENABLED' },
    { group: 'groups/g1', orgUnit: 'orgUnits/root' },
  );
  expect(calendarServiceFrom([group, group], UNITS)).toEqual({ units: new Map(), groups: 1 });
});
