import { hostname, userInfo } from 'node:os';
import { isAbandoned, locksOf } from '../../scripts/backend-lock.js';

const lockText = (...holders: string[]) =>
  new Error(
    [
      'error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.',
      ...holders.map(
        (holder) =>
          `  file:///backend/.pulumi/locks/organization/p/s/1.json: created by ${holder} at 2026-11-25`,
      ),
    ].join('\n'),
  );

test('every holder of a lock is read from the engine’s words', () => {
  expect(locksOf(lockText('ann@host-1 (pid 12)', 'bob@host-2 (pid 345)'))).toEqual([
    { holder: 'ann', host: 'host-1', pid: 12 },
    { holder: 'bob', host: 'host-2', pid: 345 },
  ]);
});

test('another failure is no lock, even where it looks a little like one', () => {
  expect(locksOf(new Error('created by ann@host (pid 12)'))).toEqual([]);
});

const HERE = { holder: userInfo().username, host: hostname() };

test.each([
  ['a process of ours that runs', { ...HERE, pid: process.pid }, false],
  ['a process of ours that is gone', { ...HERE, pid: 2 ** 22 + 1 }, true],
  ['a process of another machine', { ...HERE, host: 'elsewhere.example', pid: 2 ** 22 + 1 }, false],
  ['a process of another user', { ...HERE, holder: 'somebody-else', pid: 2 ** 22 + 1 }, false],
])('%s', (_, lock, abandoned) => {
  expect(isAbandoned(lock)).toBe(abandoned);
});
