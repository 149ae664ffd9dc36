import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { systemClock } from '../../infra/exchange/transport/clock.js';
import { CMDLETS } from '../../infra/exchange/transport/cmdlets.js';
import { shellEnvironment } from '../../infra/exchange/transport/shell-environment.js';
import { preludeLine, requestLine } from '../../infra/exchange/transport/shell-script.js';
import { type Shell, Shells } from '../../infra/exchange/transport/shells.js';
import { describeWithPwsh, shellVariables } from '../support/pwsh.js';

const VALUES = 10_000;
const PER_LINE = 500;

let folder: string;
let canary: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  canary = join(folder, 'canary');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Texts that would write the canary if any part of them ran, in every way of quoting and unquoting. */
function attacks(): string[] {
  const action = `[System.IO.File]::WriteAllText('${canary}', 'x')`;
  return [
    `$(${action})`,
    `"; ${action}; "`,
    `'; ${action}; '`,
    `'); ${action}; ('`,
    `\`"; ${action} #`,
    `\n${action}\n`,
    `\r\n\r\n${action}\r\n`,
    `@'\n'@\n${action}\n`,
    `@"\n$(${action})\n"@`,
    `; ${action}`,
    `| ForEach-Object { ${action} }`,
    `& { ${action} }`,
    `\u2019; ${action}; \u2019`,
    `\u201d; ${action}; \u201c`,
    `#>\n${action}`,
    `--% ${action}`,
    `-Confirm:$false; ${action}`,
    `\u202e${action}\u202c`,
    `$env:PATH`,
    `\${function:Invoke-InteropRequest}`,
    `2020-01-01T00:00:00Z`,
    `\u0000${action}`,
    `%00`,
    `1e999`,
    'True',
    '$null',
    '',
    ' ',
    '\t',
    '-',
    '@{a=1}',
    '=1+1',
  ];
}

/** Hostile values: attacks, pieces of them, and any well-formed text. */
function hostileValues(count: number): string[] {
  const pieces = [
    "'",
    '"',
    '`',
    '$(',
    ')',
    '$',
    '{',
    '}',
    ';',
    '|',
    '&',
    '\n',
    '\r',
    '\u0000',
    '\u2028',
    '\u202e',
    '\u200f',
    '😀',
    '👩‍👩‍👧',
    'é',
    'e\u0301',
    '\\',
    '/',
    '%',
    '#',
    '@',
    '\u2018',
    '\u2019',
    '\u201c',
    '\u201d',
    '\ufeff',
    '\u001b[31m',
    '\u0007',
    'a',
  ];
  const value = fc.oneof(
    fc.constantFrom(...attacks()),
    fc.array(fc.constantFrom(...pieces, ...attacks()), { maxLength: 12 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
  );
  return fc.sample(value, { numRuns: count, seed: 20260501 });
}

describe('what reaches a shell', () => {
  test('is one line of letters, digits, plus, slash and equals, whatever the values are (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const line = requestLine({
          marker: 'm',
          task: 'cmdlet',
          cmdlet: 'Get-Mailbox',
          parameters: { [name]: value },
        });
        expect(line).toMatch(/^Invoke-InteropRequest '[A-Za-z0-9+/=]+'$/);
      }),
    );
    expect(preludeLine()).toMatch(/^[^\r\n]+$/);
  });

  test('holds no NUL and no lone surrogate: the port refuses them', () => {
    const { parameters } = CMDLETS['Get-CASMailbox'];
    expect(parameters.safeParse({ Identity: 'a\u0000b' }).success).toBe(false);
    expect(parameters.safeParse({ Identity: 'a\ud800b' }).success).toBe(false);
    expect(parameters.safeParse({ Identity: 'a\u202eb😀$(x)' }).success).toBe(true);
  });
});

describeWithPwsh('hostile values through pwsh', () => {
  let shells: Shells;
  let shell: Shell;
  beforeAll(async () => {
    shells = new Shells({
      environment: shellEnvironment({ ...process.env, ...shellVariables }),
      clock: systemClock,
      timeoutMs: 60_000,
    });
    shell = await shells.open();
  });
  afterAll(() => shells.close());

  test(`${VALUES} of them come back unchanged, and none is executed`, async () => {
    const values = hostileValues(VALUES);
    expect(values).toHaveLength(VALUES);
    expect(values.some((value) => value.includes('\u0000'))).toBe(true);
    for (let from = 0; from < VALUES; from += PER_LINE) {
      const sent = values.slice(from, from + PER_LINE);
      const answer = await shell.ask({ task: 'echo', parameters: { Values: sent } });
      expect(answer).toEqual({ ok: true, rows: [{ Values: sent }] });
    }
    expect(existsSync(canary)).toBe(false);
  });

  test('the canary would have been seen: the same text, run as a command, writes it', async () => {
    const parameters = { Command: `[System.IO.File]::WriteAllText('${canary}', 'x')` };
    await shell.ask({ task: 'cmdlet', cmdlet: 'Invoke-Expression', parameters, properties: [] });
    expect(existsSync(canary)).toBe(true);
  });
});
