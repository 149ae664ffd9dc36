import { ServerClock } from '../../infra/graph/server-clock.js';

test('a server’s time goes on from its last answer, whatever this machine’s clock says', () => {
  let elapsed = 1_000;
  const clock = new ServerClock(() => elapsed);
  expect(clock.now()).toBeUndefined();
  clock.hear('Sat, 28 Nov 2026 08:00:00 GMT');
  elapsed += 61_000;
  expect(clock.now()).toEqual(new Date('2026-11-28T08:01:01Z'));
  clock.hear('Sat, 28 Nov 2026 09:00:00 GMT');
  expect(clock.now()).toEqual(new Date('2026-11-28T09:00:00Z'));
});

test.each([[null], [''], ['yesterday']])('a date header of %j tells nothing', (date) => {
  const clock = new ServerClock(() => 0);
  clock.hear(date);
  expect(clock.now()).toBeUndefined();
  clock.hear('Sat, 28 Nov 2026 08:00:00 GMT');
  clock.hear(date);
  expect(clock.now()).toEqual(new Date('2026-11-28T08:00:00Z'));
});
