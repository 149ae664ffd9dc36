import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import { systemClock } from '../../infra/exchange/transport/clock.js';
import { readErrorRecord } from '../../infra/exchange/transport/error-records.js';
import { chooseModule, compareVersions } from '../../infra/exchange/transport/exchange-module.js';
import { openPort } from '../../infra/exchange/transport/open.js';
import { shellEnvironment } from '../../infra/exchange/transport/shell-environment.js';
import { readFrame, secure } from '../../infra/exchange/transport/shell-script.js';
import { ShellLost, Shells } from '../../infra/exchange/transport/shells.js';
import { describeWithPwsh, pwsh, shellVariables } from '../support/pwsh.js';

const MARKER = '0123456789abcdef0123456789abcdef';
const frame = (value: unknown) =>
  `<${MARKER}:${Buffer.from(JSON.stringify(value)).toString('base64')}:${MARKER}>`;

describe('a result', () => {
  test('is found whatever a terminal writes around it (property)', () => {
    const noise = fc.oneof(
      fc.constantFrom(
        '\u001b[?1h',
        '\u001b[?1l',
        '\u001b[31mPS>\u001b[0m ',
        '\r\n',
        '<',
        '>',
        ':',
        `<${MARKER}`,
        `:${MARKER}`,
      ),
      fc.string({ unit: 'binary' }),
    );
    // A terminal does not know the marker, so it cannot make a frame of its own.
    const forged = new RegExp(`<${MARKER}:[A-Za-z0-9+/=]*:${MARKER}>`);
    const around = fc
      .array(noise, { maxLength: 6 })
      .map((parts) => parts.join(''))
      .filter((text) => !forged.test(text));
    fc.assert(
      fc.property(around, around, fc.jsonValue(), (before, after, value) => {
        expect(readFrame(`${before}\n${frame(value)}\r\n${after}`, MARKER)).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  test('of another request, a cut one and none at all are nothing', () => {
    expect(readFrame(frame(1).replaceAll(MARKER, 'f'.repeat(32)), MARKER)).toBeUndefined();
    expect(readFrame(frame({ a: 'b' }).slice(0, -5), MARKER)).toBeUndefined();
    expect(readFrame(`<${MARKER}:e30:${MARKER}`, MARKER)).toBeUndefined();
    expect(readFrame('', MARKER)).toBeUndefined();
  });
});

describe('the environment of shells', () => {
  test('has what they need and nothing that makes them talk or load other things', () => {
    const environment = shellEnvironment({
      PATH: '/bin',
      HOME: '/home/x',
      DEBUG: '*',
      NODE_OPTIONS: '--require x',
      ARM_CLIENT_SECRET: 'secret',
      TERM: 'xterm-256color',
      SSL_CERT_FILE: '/ca.pem',
      PSModulePath: '/modules',
      NODE_POWERSHELL: '/elsewhere/pwsh',
      HTTPS_PROXY: '',
    });
    expect(environment).toMatchObject({
      PATH: '/bin',
      HOME: '/home/x',
      SSL_CERT_FILE: '/ca.pem',
      PSModulePath: '/modules',
      NODE_POWERSHELL: '/elsewhere/pwsh',
      NO_COLOR: '1',
      TERM: 'dumb',
    });
    for (const name of ['DEBUG', 'NODE_OPTIONS', 'ARM_CLIENT_SECRET', 'HTTPS_PROXY']) {
      expect(environment).not.toHaveProperty(name);
    }
  });
});

describe('the module', () => {
  const found = (versions: string[], shell = '7.6.1') => ({ ok: true, versions, shell });

  test.each([[['3.5.0']], [['3.9.2', '2.0.5']], [['3.10.1']]])('%j is good', (versions) => {
    expect(() => chooseModule(found(versions))).not.toThrow();
  });

  test.each([
    [[], '7.6.1', 'is not installed'],
    [['3.4.9'], '7.6.1', 'is too old'],
    [['3.10.1'], '7.4.2', 'is too new for PowerShell 7.4.2'],
  ])('%j on PowerShell %s is not, and the command that helps is told', (versions, shell, text) => {
    const check = () => chooseModule(found(versions, shell));
    expect(check).toThrow(text);
    expect(check).toThrow(/Install-Module ExchangeOnlineManagement -(Minimum|Required)Version 3\.\d/);
    expect(check).toThrow(InteropError);
  });

  test('versions are compared by number', () => {
    expect(compareVersions('3.10.0', '3.9.2')).toBeGreaterThan(0);
    expect(compareVersions('3.9', '3.9.0')).toBe(0);
    expect(compareVersions('7.4.0-preview.1', '7.4.0')).toBe(0);
  });
});

describe('error records', () => {
  const record = (more: object) => ({
    ok: false as const,
    message: '',
    details: '',
    type: 'System.Exception',
    reason: 'Exception',
    category: 'NotSpecified',
    id: '',
    ...more,
  });
  const read = (more: object) => readErrorRecord('Get-X', record(more), 0);

  test.each([
    [
      'by the class in the message',
      {
        message:
          'Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|gone (503)',
        reason: 'X',
      },
      { className: 'ManagementObjectNotFoundException', text: 'gone (503)', transient: false },
    ],
    [
      'by the reason',
      { message: '||gone', reason: 'UserNotFoundInPermissionEntryException' },
      { className: 'UserNotFoundInPermissionEntryException', text: 'gone' },
    ],
    [
      'a passing class',
      { message: 'x|a.StorageTransientException|busy' },
      { transient: true, outcomeUnknown: true },
    ],
    [
      'a passing status',
      { message: 'Response status code 502 came back' },
      { transient: true, status: 502, outcomeUnknown: true },
    ],
    [
      'a cmdlet that no role holds',
      { message: "The term 'Get-X' is not recognized", reason: 'CommandNotFoundException' },
      { category: 'PermissionDenied', transient: false },
    ],
    [
      'a connection that broke, in the wrapping of PowerShell',
      {
        message:
          'Exception calling "GetResult" with "0" argument(s): "An error occurred while sending the request."',
        type: 'System.Management.Automation.MethodInvocationException',
        reason: 'MethodInvocationException',
        id: 'HttpRequestException,Get-X',
      },
      { transient: true, outcomeUnknown: true },
    ],
    [
      'a server that is not trusted',
      {
        message: 'The SSL connection could not be established',
        type: 'System.Net.Http.HttpRequestException',
      },
      { transient: false },
    ],
    [
      'a class of Exchange whatever the record around it says',
      { message: 'x|a.CException|gone', type: 'System.Net.Http.HttpRequestException' },
      { transient: false },
    ],
    [
      'anything else',
      { message: 'odd' },
      { className: '', text: 'odd', transient: false, outcomeUnknown: false },
    ],
  ])('%s', (_, given, expected) => {
    expect(read(given).refusal.error).toMatchObject({ cmdlet: 'Get-X', ...expected });
  });

  test('throttling with its wait, and a token that ended', () => {
    expect(read({ message: '429 Too Many Requests; Retry-After: 2.5' }).refusal).toMatchObject({
      throttled: true,
      retryAfterMs: 2500,
      error: { transient: true, outcomeUnknown: false },
    });
    expect(read({ message: '||UnAuthorized: the access token is expired.' }).isUnauthorized).toBe(true);
    expect(read({ message: 'a|b.CException|Unauthorized user' }).isUnauthorized).toBe(false);
  });
});

test('a shell that cannot be started: what to install', async () => {
  const port = openPort({
    transport: 'powershell',
    baseUrl: 'https://exchange.example',
    tenantId: '11111111-2222-4333-8444-555555555555',
    organization: 'contoso.onmicrosoft.com',
    credential: {
      getToken: async () => ({ token: 'never-shown', expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    env: { ...process.env, NODE_POWERSHELL: '/nowhere/pwsh' },
  });
  const error = await port
    .run({ cmdlet: 'Get-AcceptedDomain', parameters: {} })
    .catch((reason: unknown) => reason);
  await port.close();
  expect(error).toBeInstanceOf(InteropError);
  expect(error).toMatchObject({ kind: 'configuration' });
  expect(String(error)).toContain('/nowhere/pwsh');
  expect(String(error)).not.toContain('never-shown');
});

describeWithPwsh('shells', () => {
  let shells: Shells | undefined;
  const open = (limit: { timeoutMs: number } = { timeoutMs: 60_000 }) => {
    const environment = shellEnvironment({ ...process.env, ...shellVariables, DEBUG: '*' });
    const fresh = new Shells(Object.assign(limit, { environment, clock: systemClock }));
    shells = fresh;
    return fresh.open();
  };
  afterEach(() => shells?.close());

  const expression = (text: string) => ({
    task: 'cmdlet' as const,
    cmdlet: 'Invoke-Expression',
    parameters: { Command: text },
    properties: ['Length'],
  });

  test('print nothing of what they do, even where DEBUG asks for it', () => {
    const script = `
      import { Shells } from './infra/exchange/transport/shells.ts';
      import { systemClock } from './infra/exchange/transport/clock.ts';
      import { shellEnvironment } from './infra/exchange/transport/shell-environment.ts';
      const environment = shellEnvironment({ ...process.env, NODE_POWERSHELL: ${JSON.stringify(pwsh)} });
      const shells = new Shells({ environment, clock: systemClock, timeoutMs: 60000 });
      const shell = await shells.open();
      const answer = await shell.ask({ task: 'echo', parameters: { Values: ['a-secret-value'] } });
      shells.close();
      process.stdout.write(JSON.stringify(answer));
    `;
    const root = `${__dirname}/../..`;
    const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: root,
      env: { ...process.env, DEBUG: '*' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // Nothing but our own line: JSON.parse takes no other text beside it.
    expect(JSON.parse(output)).toEqual({ ok: true, rows: [{ Values: ['a-secret-value'] }] });
  });

  test('go on after an error, and count their uses', async () => {
    const shell = await open();
    expect(await shell.ask(expression("throw 'boom'"))).toMatchObject({ ok: false, message: 'boom' });
    expect(await shell.ask(expression("'four'"))).toMatchObject({ ok: true, rows: [{ Length: 4 }] });
    expect(shell.uses).toBe(2);
  });

  test('that end in the middle are told as lost, and others go on', async () => {
    const shell = await open();
    const other = await shells?.open();
    await expect(shell.ask(expression('[System.Environment]::Exit(3)'))).rejects.toThrow(ShellLost);
    expect(await other?.ask(expression("'x'"))).toMatchObject({ ok: true });
    await expect(shell.ask(expression("'x'"))).rejects.toThrow(ShellLost);
  });

  test('that do not answer in time are ended', async () => {
    // The limit holds for each line; the shell itself may take longer to be there.
    const limit = { timeoutMs: 60_000 };
    const shell = await open(limit);
    limit.timeoutMs = 1_000;
    await expect(shell.ask(expression('Start-Sleep -Seconds 60'))).rejects.toThrow('no answer within 1 s');
    await expect(shell.ask(expression("'x'"))).rejects.toThrow(ShellLost);
  });

  test('get passwords as the objects that cmdlets want', async () => {
    const shell = await open();
    const select = async (InputObject: object, property: string) => {
      const parameters = { InputObject, Property: [property] };
      return await shell.ask({ task: 'cmdlet', cmdlet: 'Select-Object', parameters, properties: [property] });
    };
    expect(await select(secure('pa$$\'"wörd'), 'Length')).toMatchObject({ rows: [{ Length: 10 }] });
  });

  test('write what they like to their terminal without harm', async () => {
    const shell = await open();
    const noisy = `[System.Console]::Out.WriteLine([char]27 + '[?1h'); [System.Console]::Error.WriteLine('oops'); 'x'`;
    expect(await shell.ask(expression(noisy))).toMatchObject({ ok: true, rows: [{ Length: 1 }] });
  });

  test('long lists come packed', async () => {
    const shell = await open();
    const answer = (await shell.ask(expression("1..2500 | ForEach-Object { 'x' * ($_ % 7) }"))) as {
      rows: unknown[];
      chunks: string[];
    };
    expect(answer.chunks).toHaveLength(2);
    expect(answer.rows).toHaveLength(500);
  });
});
