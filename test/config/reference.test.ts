import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationReference, configurationTable } from '../../infra/config.js';

const FILE = join(process.cwd(), 'docs', 'configuration.md');

test('docs/configuration.md is what the schema prints (UPDATE_DOCS=1 writes it anew)', () => {
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, configurationReference());
  expect(readFileSync(FILE, 'utf8')).toBe(configurationReference());
});

const README = join(process.cwd(), 'README.md');
const BETWEEN_MARKS = /(<!-- keys -->\n)[\s\S]*(<!-- \/keys -->)/;

test("the README's table of keys is what the schema prints (UPDATE_DOCS=1 writes it anew)", () => {
  const withTable = readFileSync(README, 'utf8').replace(BETWEEN_MARKS, `$1${configurationTable()}\n$2`);
  if (process.env.UPDATE_DOCS === '1') writeFileSync(README, withTable);
  expect(readFileSync(README, 'utf8')).toBe(withTable);
  expect(withTable).toContain(configurationTable());
});

test('every row says what the key is for, its default and what is allowed', () => {
  const rows = configurationReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(40);
  for (const row of rows) expect(row).toMatch(/^\| `[\w:[\].]+` \| .{10,} \| .+ \| .+ \|$/);
});

test('defaults and limits in it are those that hold', () => {
  const reference = configurationReference();
  expect(reference).toMatch(/`secret\.lifetimeDays` \| .* \| `180` \| 1 to 730 days/);
  expect(reference).toMatch(
    /`registration\.graphPermissions` \| .*UNCONFIRMED.* \| `\["Calendars\.Read"\]` \|/,
  );
  expect(reference).toMatch(/`tenant` \| .* \| required \|/);
  expect(reference).toMatch(/`protocol` \| .*2026-10-01.*2027-04-01.* \| none on purpose \|/);
});
