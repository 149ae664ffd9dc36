import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  lockedError,
  lockRefusal,
  locksOf,
  type Observer,
  removeAbandonedLocks,
} from '../../scripts/backend-lock.js';
import { isInContainer, isRunning } from '../../scripts/processes.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backend lock-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const GONE = 2 ** 22 + 1;
const OBSERVER: Observer = { user: 'Ann Smith', host: 'host-1', inContainer: false, isRunning };

interface Lock {
  readonly file: string;
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
}

/** A lock as Pulumi leaves it; `written` differs from what the message says. */
async function lock(name: string, more: Partial<Lock> = {}, written: object = {}): Promise<Lock> {
  const file = join(root, '.pulumi', 'locks', 'organization', 'proj', 'test', `${name}.json`);
  const made = { file, holder: 'Ann Smith', host: 'host-1', pid: GONE, ...more };
  const { pid, holder: username, host: hostname } = made;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    JSON.stringify({ pid, username, hostname, timestamp: '2026-11-25T04:20:15.8Z', ...written }),
  );
  await writeFile(`${file}.attrs`, '{}');
  return made;
}

const lineOf = ({ file, holder, host, pid }: Lock) =>
  `  ${pathToFileURL(file).href}?no_tmp_dir=true: created by ${holder}@${host} (pid ${pid}) at 2026-11-25T04:20:15Z`;

/** The Automation API's error: the engine's words, twice. */
function refusal(locks: readonly Lock[], count = locks.length): Error {
  const words = [
    `error: the stack is currently locked by ${count} lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.`,
    ...locks.map(lineOf),
  ].join('\n');
  return new Error(
    `code: -2\n stdout: \n stderr: Command failed\n${words}\n err?: Error: failed\n${words}\n`,
  );
}

const backend = () => pathToFileURL(root).href;
const areThere = (...locks: readonly Lock[]) => locks.map(({ file }) => existsSync(file));

test('every holder of a lock is read once from the engine’s words, also one whose name has spaces or an @', async () => {
  const locks = [
    await lock('1', { pid: 12 }),
    await lock('2', { holder: 'bob@corp', host: 'host-2', pid: 345 }),
  ];
  const read = locksOf(refusal(locks));
  expect(read.map(({ holder, host, pid }) => ({ holder, host, pid }))).toEqual([
    { holder: 'Ann Smith', host: 'host-1', pid: 12 },
    { holder: 'bob@corp', host: 'host-2', pid: 345 },
  ]);
  expect(lockedError(read, 'test').message).toContain('found bob@corp@host-2, process 345');
});

test('another failure is no lock, even where it looks a little like one', () => {
  const line = '  file:///b/.pulumi/locks/o/p/s/1.json: created by ann@host (pid 12) at 2026';
  expect(locksOf(new Error(line))).toEqual([]);
});

test('locks whose holders are gone are removed, and no other file', async () => {
  const [one, two, unnamed] = [await lock('1'), await lock('2', { pid: GONE + 1 }), await lock('3')];
  const removed = await removeAbandonedLocks(refusal([one, two]), backend(), OBSERVER);
  expect(removed?.map(({ pid }) => pid)).toEqual([GONE, GONE + 1]);
  expect(areThere(one, two, unnamed)).toEqual([false, false, true]);
  expect([existsSync(`${one.file}.attrs`), existsSync(`${unnamed.file}.attrs`)]).toEqual([false, true]);
});

test.each<[string, Partial<Lock>, Partial<Observer>]>([
  ['its process runs', { pid: process.pid }, {}],
  ['it is of another machine', { host: 'host-2' }, {}],
  ['it is of another user', { holder: 'Smith' }, {}],
  ['process numbers tell nothing, in a container', {}, { inContainer: true }],
])('none is removed where of one %s', async (_, more, observer) => {
  const locks = [await lock('1'), await lock('2', more)];
  const seen = { ...OBSERVER, ...observer };
  expect(await removeAbandonedLocks(refusal(locks), backend(), seen)).toBeUndefined();
  expect(areThere(...locks)).toEqual([true, true]);
});

test('none is removed where the message names fewer than it counts', async () => {
  const one = await lock('1');
  expect(await removeAbandonedLocks(refusal([one], 2), backend(), OBSERVER)).toBeUndefined();
  expect(areThere(one)).toEqual([true]);
});

test.each([
  ['pid', { pid: process.pid }],
  ['user', { username: 'bob' }],
  ['host', { hostname: 'host-2' }],
])('none is removed where the file says another %s than the message', async (_, written) => {
  const locks = [await lock('1'), await lock('2', {}, written)];
  expect(await removeAbandonedLocks(refusal(locks), backend(), OBSERVER)).toBeUndefined();
  expect(areThere(...locks)).toEqual([true, true]);
});

test('a file that is no lock of a backend is not removed, whatever it says', async () => {
  const one = await lock('1');
  const elsewhere = { ...one, file: join(root, 'state.json') };
  await writeFile(elsewhere.file, JSON.stringify({ pid: GONE, username: 'Ann Smith', hostname: 'host-1' }));
  expect(await removeAbandonedLocks(refusal([elsewhere]), backend(), OBSERVER)).toBeUndefined();
  expect(areThere(elsewhere)).toEqual([true]);
});

test('only locks of file backends are removed; which one it is, the message says where nobody else does', async () => {
  const one = await lock('1');
  expect(await removeAbandonedLocks(refusal([one]), 's3://bucket', OBSERVER)).toBeUndefined();
  const remote = new Error(refusal([one]).message.replaceAll('file:///', 's3://'));
  expect(await removeAbandonedLocks(remote, undefined, OBSERVER)).toBeUndefined();
  expect(areThere(one)).toEqual([true]);
  expect(await removeAbandonedLocks(refusal([one]), undefined, OBSERVER)).toHaveLength(1);
  expect(areThere(one)).toEqual([false]);
});

test('a pod of Kubernetes is a container', () => {
  expect(isInContainer({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toBe(true);
});

test('a process that may not be signalled runs', () => {
  const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
  });
  try {
    expect(isRunning(1)).toBe(true);
  } finally {
    kill.mockRestore();
  }
});

test('a lock is told before a run would be refused for it; none where there is none', async () => {
  const stack = { backendUrl: pathToFileURL(root).href, project: 'calendar-interop', stack: 'dev' };
  expect(await lockRefusal(stack)).toBeUndefined();
  const locks = join(root, '.pulumi', 'locks', 'organization', 'calendar-interop', 'dev');
  await mkdir(locks, { recursive: true });
  await writeFile(join(locks, 'a.json'), JSON.stringify({ pid: 12, username: 'ann', hostname: 'host' }));
  await writeFile(join(locks, 'a.json.attrs'), '{}');
  expect(locksOf(await lockRefusal(stack))).toMatchObject([{ holder: 'ann', host: 'host', pid: 12 }]);
  expect(await lockRefusal({ ...stack, backendUrl: 's3://bucket' })).toBeUndefined();
});
