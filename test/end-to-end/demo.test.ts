/** The demonstration, as the README tells newcomers to run it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isRunning } from '../../scripts/processes.js';
import { ROOT } from '../support/project.js';

jest.setTimeout(900_000);

const run = promisify(execFile);
const BIN = join(ROOT, 'dist', 'scripts', 'bin.js');

test('demo --json prints one object with what each step did, and leaves the checkout as it was', async () => {
  const before = await run('git', ['status', '--porcelain'], { cwd: ROOT });
  const { stdout } = await run(process.execPath, [BIN, 'demo', '--json'], { cwd: ROOT, maxBuffer: 1 << 26 });
  const report = JSON.parse(stdout) as Record<string, unknown> & { seconds: Record<string, number> };
  expect(report).toMatchObject({
    engine: { version: expect.stringMatching(/^\d+\.\d+\.\d+/), source: expect.any(String) },
    azuread: { source: expect.any(String), version: expect.any(String) },
    preview: { create: 10 },
    up: { created: 10 },
    visibility: { raised: expect.any(Number), skipped: expect.any(Number) },
    secondUp: { changed: 0 },
    token: { roles: ['full_access_as_app'] },
    drift: { found: 1 },
    repaired: true,
    handoff: [
      {
        endpoint: 'online',
        formType: 'Microsoft 365 (Legacy EWS)',
        domain: 'contoso.com',
        fields: expect.arrayContaining([
          { label: 'Exchange role accounts', value: 'interop@contoso.com', kind: 'value' },
          { label: 'Client secret', value: '(hidden)', kind: 'secret' },
        ]),
      },
    ],
    lookup: {
      detail: 1,
      busyOnly: 1,
      calendars: [
        {
          shows: 'details',
          event: { subject: expect.stringMatching(/./), location: expect.stringMatching(/./) },
        },
        {
          address: 'alexandros.papadopoulos.2@contoso.com',
          shows: 'busyOnly',
          event: { status: expect.any(String) },
        },
      ],
    },
    destroy: { left: 0 },
  });
  const { calendars } = report.lookup as { calendars: { event: object }[] };
  expect(Object.keys(calendars[1]?.event ?? {}).sort()).toEqual(['end', 'isPrivate', 'start', 'status']);
  for (const step of [
    'preview',
    'up',
    'secondUp',
    'token',
    'drift',
    'repair',
    'handoff',
    'lookup',
    'destroy',
    'total',
  ]) {
    expect(report.seconds[step]).toEqual(expect.any(Number));
  }
  expect((await run('git', ['status', '--porcelain'], { cwd: ROOT })).stdout).toBe(before.stdout);
});

test('demo for people shows the values for the form with the secret hidden, and which provider ran', async () => {
  const { stdout } = await run(process.execPath, [BIN, 'demo'], { cwd: ROOT, maxBuffer: 1 << 26 });
  expect(stdout).toContain('Microsoft 365 (Legacy EWS)');
  expect(stdout).toMatch(/Client secret +\(hidden\)/);
  expect(stdout).toMatch(/azuread \d+\.\d+\.\d+ \((stand-in|path|plugin-cache|download)\)/);
  expect(stdout).toMatch(/contoso\.com +\d{4}-\d\d-\d\d .* UTC {2}\S.*, .*\(raised\)/);
  expect(stdout).toMatch(/alexandros\.papadopoulos\.2@contoso\.com .*no subject, no place.*\(excluded\)/);
  expect(stdout).toContain('nothing is left');
});

test('demo --keep ends by itself, and what it prints works: drift, destroy, and the end of the tenant', async () => {
  const { stdout } = await run(process.execPath, [BIN, 'demo', '--keep'], { cwd: ROOT, maxBuffer: 1 << 26 });
  const printed = stdout.slice(stdout.indexOf('Everything is still running'));
  const lines = printed.split('\n').map((line) => line.trim());
  const exports = lines.filter((line) => line.startsWith('export '));
  const command = (start: string) => lines.find((line) => line.startsWith(start)) ?? `false # no ${start}`;
  const shell = async (line: string) => {
    const program = `'${process.execPath}' '${BIN}'`;
    const script = [...exports, line.replace('npx calendar-interop', program)].join('\n');
    return await run('sh', ['-ec', script], { cwd: ROOT, maxBuffer: 1 << 26 });
  };
  const tenant = Number(/^kill (\d+)/.exec(command('kill '))?.[1]);
  const folder = /--cwd '([^']+)'/.exec(command('npx calendar-interop drift'))?.[1] ?? '';
  try {
    expect((await shell(command('npx calendar-interop verify'))).stdout).toContain('works');
    expect((await shell(command('npx calendar-interop drift'))).stdout).toContain('No drift');
    await shell(command('npx calendar-interop destroy'));
    expect(isRunning(tenant)).toBe(true);
  } finally {
    await shell(command('kill '));
    await shell(command('rm -r '));
  }
  await until(() => !isRunning(tenant));
  expect(existsSync(folder)).toBe(false);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(50);
}
