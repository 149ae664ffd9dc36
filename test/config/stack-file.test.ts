import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseStackConfig, SECURE_VALUE } from '../../infra/config.js';
import { InteropError } from '../../infra/errors.js';
import { initialLedger, type Ledger, parseLedger } from '../../infra/rotation/ledger.js';
import {
  readStackFile,
  setConfigValue,
  stackConfigOf,
  withConfigValue,
  writeLedger,
} from '../../scripts/stack-file.js';

const LEDGER = initialLedger({ now: new Date('2026-11-24T00:00:00Z'), lifetimeDays: 180 });

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stack-file-'));
  path = join(folder, 'Pulumi.dev.yaml');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The error that something throws. */
function failureOf(action: () => unknown): InteropError {
  try {
    action();
  } catch (error) {
    if (error instanceof InteropError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function withText(text: string): { path: string; text: string } {
  return { path: 'Pulumi.dev.yaml', text };
}

const FILE = `# A stack with everything that must stay as it is.
encryptionsalt: v1:Dg95mz3wHns=:v1:Tl+dF33cMpr9oJmP:igPkVheeynAy9bXbmbOUErmThkZ4CQ==

config:
    # four spaces, odd    spacing
    azuread:tenantId:   11111111-2222-3333-4444-555555555555     # id
    azuread:clientSecret:
        secure: v1:GBy3Rx5NumHFmGf7:ovBBGPi34VWRgPexzWF6Cmg=
    calendar-interop:tenant: 'contoso.com'   # single quotes
    calendar-interop:rotation:   # written by commands
        version: 1
        revision: 1
        # why slot a
        slots: {a: {generation: 1, endDate: "2027-05-23T00:00:00Z"}}
        current: a
        foreign: []
        confirmed: {}
        log:
            - {at: "2026-11-24T00:00:00Z", event: init, slot: a, generation: 1}   # first

    # belongs to what follows
    other:anchor: &anchor [1,  2]
    other:alias: *anchor
    other:text: "a long line ${'that is not to be folded '.repeat(8)}"
    unknown:
      - x

# the end
`;

describe('setting a key', () => {
  test('changes its value and not one byte more', () => {
    expect(withConfigValue(withText(FILE), 'calendar-interop:tenant', 'fabrikam.com')).toBe(
      FILE.replace("'contoso.com'", "'fabrikam.com'"),
    );
    expect(withConfigValue(withText(FILE), 'azuread:tenantId', '99999999-2222-3333-4444-555555555555')).toBe(
      FILE.replace('11111111-2222-3333-4444-555555555555', '"99999999-2222-3333-4444-555555555555"'),
    );
    expect(withConfigValue(withText(FILE), 'calendar-interop:rotation', LEDGER)).toBe(FILE);
  });

  test('adds it behind the last one, before the comments that close the file', () => {
    const before = '      - x\n';
    expect(withConfigValue(withText(FILE), 'calendar-interop:eventDetails', false)).toBe(
      FILE.replace(before, `${before}    calendar-interop:eventDetails: false\n`),
    );
  });

  test('keeps comments inside of a map whose other keys change', () => {
    const next: Ledger = {
      ...LEDGER,
      revision: 2,
      slots: { ...LEDGER.slots, b: { generation: 2, endDate: '2027-11-24T00:00:00Z' } },
      log: [...LEDGER.log, { at: '2026-12-01T00:00:00Z', event: 'stage', slot: 'b', generation: 2 }],
    };
    const text = withConfigValue(withText(FILE), 'calendar-interop:rotation', next);
    const [head = '', tail = ''] = FILE.split(/ {4}calendar-interop:rotation:[\s\S]*# first\n/);
    expect(text.startsWith(head)).toBe(true);
    expect(text.endsWith(tail)).toBe(true);
    expect(text).toMatch(/# why slot a\n/);
    expect(text).toMatch(/event: init, slot: a, generation: 1} # first\n/);
    expect(text).toContain('- {at: "2026-12-01T00:00:00Z", event: stage, slot: b, generation: 2}\n');
    expect(parseLedger(stackConfigOf(withText(text)).ours.rotation)).toEqual(next);
  });

  test('finds a key under each spelling that Pulumi takes for it', () => {
    expect(withConfigValue(withText('config:\n  tenant: a\n'), 'calendar-interop:tenant', 'b')).toBe(
      'config:\n  tenant: b\n',
    );
    expect(
      withConfigValue(
        withText('config:\n  calendar-interop:config:tenant: a\n'),
        'calendar-interop:tenant',
        'b',
      ),
    ).toBe('config:\n  calendar-interop:config:tenant: b\n');
  });

  test.each([
    ['an empty file', ''],
    ['no config', '# head\nencryptionsalt: v1:abc\n'],
    ['an empty config', 'config:\n# tail\n'],
    ['a config in braces', 'config: {a:b: [1, 2]}   # here\n'],
    ['no line break at the end', 'config:\n  a:b: c'],
    ['a key without a value', 'config:\n  calendar-interop:rotation:   # soon\n  a:b: c\n'],
    ['a text in lines', 'config:\n  calendar-interop:rotation: |\n    old\n    text\n\n  # next\n  a:b: c\n'],
    ['the same line ends', 'config:\r\n  a:b: c # x\r\n  calendar-interop:rotation: {}\r\n'],
    ['a byte order mark', '\uFEFFconfig:\n  a:b: c\n'],
  ])('works with %s', (_name, text) => {
    const changed = withConfigValue(withText(text), 'calendar-interop:rotation', LEDGER);
    const after = stackConfigOf(withText(changed));
    expect(after.ours).toEqual({ rotation: LEDGER });
    expect({ ...after.byNamespace, 'calendar-interop': null }).toEqual({
      ...stackConfigOf(withText(text)).byNamespace,
      'calendar-interop': null,
    });
    for (const comment of text.match(/# \w+/g) ?? []) expect(changed).toContain(comment);
    expect(changed.includes('\r\n')).toBe(text.includes('\r\n'));
    expect(/[^\r]\n/.test(changed)).toBe(!text.includes('\r\n'));
  });

  test('refuses where something else would change with it', () => {
    const shared = 'config:\n  a:b: &x {c: 1}\n  d:e: *x\n';
    expect(failureOf(() => withConfigValue(withText(shared), 'a:b', { c: 2 })).kind).toBe('configuration');
    expect(withConfigValue(withText(shared), 'd:e', { c: 2 })).toBe(
      'config:\n  a:b: &x {c: 1}\n  d:e:\n    c: 2\n',
    );
  });

  test('keeps an alias inside of a value as long as it still says the right thing', () => {
    const text = 'config:\n  a:b: &x {c: 1}\n  d:e: {k: *x, n: 1}\n';
    expect(withConfigValue(withText(text), 'd:e', { k: { c: 1 }, n: 2 })).toBe(text.replace('n: 1', 'n: 2'));
    expect(
      stackConfigOf(withText(withConfigValue(withText(text), 'd:e', { k: 3, n: 1 }))).byNamespace.d,
    ).toEqual({
      e: { k: 3, n: 1 },
    });
  });

  test('quotes text that Pulumi would take for something else', () => {
    for (const value of [
      '2026-11-24T00:00:00Z',
      'true',
      '0123',
      'no',
      '',
      '1e3',
      'null',
      '~',
      ' x',
      '#x',
      'a: b',
    ]) {
      const text = withConfigValue(withText('config:\n  a:b: c\n'), 'a:b', value);
      expect(text).toBe(`config:\n  a:b: ${JSON.stringify(value)}\n`);
    }
  });

  test('a value that YAML would merge into another is refused, and nothing is written', () => {
    const file = withText('config:\n  a:b: c\n');
    const refused = expect.objectContaining({ message: expect.stringContaining('cannot be changed safely') });
    expect(() => withConfigValue(file, 'a:b', { '<<': [] })).toThrow(refused);
  });

  test('any JSON under any key can be set, read back and set again, and nothing else changes', () => {
    const key = fc.constantFrom(
      'a:b',
      'calendar-interop:rotation',
      'z:new',
      'other:text',
      'azuread:clientSecret',
    );
    // A key of this name means another mapping to YAML.
    const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"<<":'));
    fc.assert(
      fc.property(key, json, json, (name, first, second) => {
        const before = stackConfigOf(withText(FILE)).byNamespace;
        let file = withText(FILE);
        for (const value of [first, second]) {
          const wanted: unknown = JSON.parse(JSON.stringify(value));
          file = withText(withConfigValue(file, name, wanted));
          expect(file.text).toContain('\n# the end\n');
          if (name !== 'azuread:clientSecret')
            expect(file.text).toContain('secure: v1:GBy3Rx5NumHFmGf7:ovBBGPi34VWRgPexzWF6Cmg=\n');
        }
        const [namespace = '', local = ''] = name.split(':');
        const after = stackConfigOf(file).byNamespace;
        expect({ ...after, [namespace]: { ...after[namespace], [local]: 0 } }).toEqual({
          ...before,
          [namespace]: { ...before[namespace], [local]: 0 },
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('reading', () => {
  test('gives the configuration by namespace, as Pulumi reads it', () => {
    const raw = stackConfigOf(withText(FILE));
    expect(raw.azuread).toEqual({
      tenantId: '11111111-2222-3333-4444-555555555555',
      clientSecret: SECURE_VALUE,
    });
    expect(raw.azuread.clientSecret).toBe(SECURE_VALUE);
    expect(JSON.stringify(raw)).not.toContain('ovBBGPi34VWRgPexzWF6Cmg');
    expect(raw.ours).toEqual({ tenant: 'contoso.com', rotation: LEDGER, unknown: ['x'] });
    expect(raw.byNamespace.other).toMatchObject({ anchor: [1, 2], alias: [1, 2] });
  });

  test('an encrypted value deep inside is one, too', () => {
    const text = stringify({
      config: { 'calendar-interop:registration': { owners: [{ secure: 'v1:abc' }] } },
    });
    expect(stackConfigOf(withText(text)).ours).toEqual({ registration: { owners: [SECURE_VALUE] } });
  });

  test('an unquoted time is refused, since Pulumi would rewrite it', () => {
    const text = FILE.replace('"2027-05-23T00:00:00Z"', '2027-05-23T00:00:00Z');
    const { ours } = stackConfigOf(withText(text));
    const error = failureOf(() => parseStackConfig(ours));
    expect(error.problems).toContainEqual(
      expect.objectContaining({
        where: 'calendar-interop:rotation.slots.a.endDate',
        found: 'a timestamp without quotes',
      }),
    );
  });

  test.each([
    ['config:\n  a:b: [1, 2\nx: 1\n', /:3:1$/],
    ['config:\n  a:b: 1\n  a:b: 2\n', /:3:3$/],
    ['config:\n\ta:b: 1\n', /:2:1$/],
  ])('broken YAML is told with line and column: %j', (text, place) => {
    writeFileSync(path, text);
    const error = failureOf(() => readStackFile(path));
    expect(error.kind).toBe('configuration');
    expect(error.summary).toBe('Pulumi.dev.yaml is not valid YAML');
    expect(error.problems[0]?.where).toMatch(place);
  });

  test('broken YAML is told without the lines of the file', () => {
    writeFileSync(path, 'config:\n  azuread:clientSecret: "hunter2\n');
    const error = failureOf(() => readStackFile(path));
    expect(JSON.stringify([error.message, error.problems])).not.toContain('hunter2');
  });

  test.each([
    ['- a\n', 'the file is not a map of keys'],
    ['config: text\n', 'config is not a map of keys'],
    ['config: [1]\n', 'config is not a map of keys'],
  ])('%j is not a stack’s file', (text, what) => {
    expect(failureOf(() => stackConfigOf(withText(text))).problems[0]?.what).toBe(what);
  });

  test('aliases that unfold without end are refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) =>
        `  a:l${level}: &l${level} [${
          level === 0
            ? 'x'
            : Array(9)
                .fill(`*l${level - 1}`)
                .join(', ')
        }]`,
    );
    expect(failureOf(() => stackConfigOf(withText(`config:\n${levels.join('\n')}\n`))).kind).toBe(
      'configuration',
    );
  });

  test('a file that does not exist is a stack that does not exist', () => {
    const error = failureOf(() => readStackFile(path));
    expect(error.kind).toBe('noStack');
    expect(error.next[0]).toContain('cp Pulumi.dev.yaml');
  });

  test('a folder in its place is told, not thrown at', () => {
    mkdirSync(path);
    expect(failureOf(() => readStackFile(path)).problems[0]?.what).toBe('reading it failed with EISDIR');
  });
});

describe('writing', () => {
  test('keeps the mode of the file and leaves nothing beside it', () => {
    writeFileSync(path, FILE);
    chmodSync(path, 0o640);
    setConfigValue(path, 'calendar-interop:tenant', 'fabrikam.com');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['Pulumi.dev.yaml']);
    expect(readFileSync(path, 'utf8')).toBe(FILE.replace("'contoso.com'", "'fabrikam.com'"));
  });

  test('does not touch a file that says it already', () => {
    writeFileSync(path, FILE);
    utimesSync(path, 1, 1);
    writeLedger(path, LEDGER);
    expect(statSync(path).mtimeMs).toBe(1000);
  });

  test('does not cut a symbolic link', () => {
    const target = join(folder, 'shared.yaml');
    writeFileSync(target, FILE);
    symlinkSync(target, path);
    const error = failureOf(() => setConfigValue(path, 'calendar-interop:tenant', 'x.com'));
    expect(error.problems[0]).toMatchObject({ found: target, allowed: 'a regular file' });
    expect(readFileSync(target, 'utf8')).toBe(FILE);
    expect(readStackFile(path).text).toBe(FILE);
  });

  test('a run that is killed between writing and renaming leaves the old file whole, and the next one works', () => {
    writeFileSync(path, FILE);
    const module = join(process.cwd(), 'scripts', 'stack-file.ts');
    const script = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.renameSync = () => process.kill(process.pid, 'SIGKILL');
      syncBuiltinESMExports();
      const { setConfigValue } = await import(${JSON.stringify(module)});
      setConfigValue(${JSON.stringify(path)}, 'calendar-interop:tenant', 'fabrikam.com');
    `;
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });
    expect(run.signal).toBe('SIGKILL');
    expect(readFileSync(path, 'utf8')).toBe(FILE);
    const left = readdirSync(folder).filter((name) => name !== 'Pulumi.dev.yaml');
    expect(left).toEqual([expect.stringMatching(/^\.Pulumi\.dev\.yaml\..*\.tmp$/)]);
    expect(readFileSync(join(folder, left[0] ?? ''), 'utf8')).toContain('fabrikam.com');

    setConfigValue(path, 'calendar-interop:tenant', 'tailspin.com');
    expect(stackConfigOf(readStackFile(path)).ours.tenant).toBe('tailspin.com');
  });
});
