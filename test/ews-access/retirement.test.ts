/** How long EWS in Exchange Online still is. */
import fc from 'fast-check';
import { countdown, EWS_RETIREMENT, pendingUntil } from '../../infra/exchange/ews-access/retirement.js';

it.each([
  ['2026-09-30T23:59:59Z', 'before', 183, 'begins to block it in 1 day '],
  ['2026-10-01T00:00:00Z', 'blocking', 182, 'in 182 days'],
  ['2026-11-25T12:00:00Z', 'blocking', 127, 'in 127 days'],
  ['2027-03-31T00:00:00Z', 'blocking', 1, 'in 1 day '],
  ['2027-04-01T00:00:00Z', 'off', 0, 'is off for everybody'],
])('on %s it is %s', (day, phase, daysLeft, words) => {
  const counted = countdown(new Date(day));
  expect(counted).toMatchObject({ phase, daysLeft });
  expect(counted.words).toContain(words);
});

it('counts every milestone down by one a day, and never turns back', () => {
  const day = fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });
  const order = ['before', 'blocking', 'off'];
  fc.assert(
    fc.property(day, (now) => {
      const later = countdown(new Date(now.getTime() + 24 * 60 * 60 * 1000));
      for (const [index, { daysLeft, date }] of countdown(now).milestones.entries()) {
        expect(later.milestones[index]?.daysLeft).toBe(daysLeft - 1);
        expect(daysLeft > 0).toBe(now.getTime() < Date.parse(date));
      }
      expect(order.indexOf(later.phase)).toBeGreaterThanOrEqual(order.indexOf(countdown(now).phase));
    }),
  );
});

it('names the dates of the plan in order, and which of them has one source only', () => {
  const dates = EWS_RETIREMENT.map(({ date }) => date);
  expect(dates).toEqual(['2026-10-01', '2026-10-10', '2027-04-01']);
  expect(
    EWS_RETIREMENT.filter(({ certain }) => !certain).map(({ what }) => what.includes('UNCONFIRMED')),
  ).toEqual([true]);
});

it('says for 24 hours that a change may not count yet', () => {
  const written = '2026-11-25T10:00:00.000Z';
  expect(pendingUntil(null, new Date(written))).toBeUndefined();
  expect(pendingUntil(written, new Date('2026-11-26T09:59:59Z'))).toEqual(new Date('2026-11-26T10:00:00Z'));
  expect(pendingUntil(written, new Date('2026-11-26T10:00:00Z'))).toBeUndefined();
});
