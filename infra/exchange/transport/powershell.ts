/**
 * PowerShell: the cmdlets of Microsoft's module ExchangeOnlineManagement, in a pool of shells.
 *
 * A shell is connected once and then runs one cmdlet after the other. It is replaced after a number of cmdlets, since the module's
 * memory grows; when its token is about to end, since a connection with a token is not renewed; and when anything else than a
 * result comes out of it.
 */
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { InteropError } from '../../errors.js';
import type { Channel, PageRequest } from './channel.js';
import type { Clock } from './clock.js';
import { CMDLETS } from './cmdlets.js';
import { type ErrorRecord, errorRecordSchema, readErrorRecord } from './error-records.js';
import { ExchangeError } from './exchange-error.js';
import { chooseModule, moduleMissing } from './exchange-module.js';
import type { Continuation, Outcome, Page, Refusal, Unauthorized } from './outcome.js';
import { type ShellRequest, secure } from './shell-script.js';
import { type Shell, ShellLost, Shells } from './shells.js';
import { MARGIN_MS, type Token, type Tokens } from './tokens.js';

export interface PowerShellOptions {
  readonly baseUrl: string;
  /** The initial .onmicrosoft.com domain. */
  readonly organization: string;
  /**
   * The module is given a token, whatever the way of signing in: it has no parameter for a client secret, and the key of a certificate
   * need not leave this process.
   */
  readonly tokens: Tokens;
  /** The whole environment of the shells, see shell-environment.ts. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Milliseconds for one cmdlet. */
  readonly timeoutMs: number;
  /** Cmdlets before a shell is replaced. */
  readonly usesPerShell: number;
}

/** Rows that are here already, but still packed. */
export interface PackedPage extends Continuation {
  readonly isCall: false;
  readonly chunks: readonly string[];
  readonly rows: readonly unknown[];
}

type ShellOutcome = Outcome<PackedPage>;

/** A request to a shell, before it gets its marker. */
type ShellTask = Omit<ShellRequest, 'marker'>;

/** A shell that is connected. */
interface Connected {
  readonly shell: Shell;
  readonly token: Token;
  /** Requests that it took to connect. */
  readonly usedToConnect: number;
}

/** The connection that the module uses by itself. */
const PUBLIC = 'https://outlook.office365.com';

const resultSchema = z.object({
  ok: z.literal(true),
  rows: z.array(z.unknown()),
  chunks: z.array(z.string()),
  warnings: z.array(z.string()),
});
const replySchema = z.union([resultSchema, errorRecordSchema]);
const connectedSchema = z.union([z.object({ ok: z.literal(true) }), errorRecordSchema]);

export class PowerShellChannel implements Channel<PackedPage> {
  readonly transport = 'powershell';
  readonly callsPerRequest = 1;
  readonly #options: PowerShellOptions;
  readonly #shells: Shells;
  readonly #idle: Connected[] = [];
  readonly #closing = new AbortController();
  /** Tokens that Exchange no longer takes. */
  readonly #refused = new Set<string>();
  #module: Promise<void> | undefined;

  constructor(options: PowerShellOptions) {
    this.#options = options;
    this.#shells = new Shells(options);
  }

  get requests(): number {
    return this.#shells.lines;
  }

  async send(request: PageRequest<PackedPage>): Promise<ShellOutcome> {
    if (request.page !== undefined) return unpack(request.page);
    return await this.#ask(request, {
      task: 'cmdlet',
      cmdlet: request.cmdlet,
      parameters: protectedParameters(request.parameters),
      properties: request.properties,
    });
  }

  async #ask(request: PageRequest<PackedPage>, task: ShellTask): Promise<ShellOutcome> {
    const signal =
      request.signal === undefined
        ? this.#closing.signal
        : AbortSignal.any([request.signal, this.#closing.signal]);
    const taken = await this.#take(request, signal);
    if ('kind' in taken) return taken;
    return await this.#run(taken, request, task, signal);
  }

  /** Connecting makes a function of each cmdlet that the caller may run, and of no other. */
  async permitted(request: PageRequest<PackedPage>): Promise<ShellOutcome> {
    return await this.#ask(request, { task: 'permitted', parameters: { Name: Object.keys(CMDLETS) } });
  }

  async renew({ token, claims }: Unauthorized): Promise<void> {
    this.#refused.add(token);
    await this.#options.tokens.renew(token, claims);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#shells.close();
  }

  async #run(
    connected: Connected,
    request: PageRequest<PackedPage>,
    task: ShellTask,
    signal: AbortSignal,
  ): Promise<ShellOutcome> {
    const { clock } = this.#options;
    let answer: unknown;
    try {
      answer = await connected.shell.ask(task, signal);
    } catch (error) {
      if (error instanceof ShellLost) return lost(request.cmdlet, error.message, true);
      throw error;
    }
    const reply = replySchema.safeParse(answer);
    if (!reply.success) {
      connected.shell.end();
      return lost(request.cmdlet, 'the shell answered in an unknown form', true);
    }
    if (reply.data.ok) {
      this.#giveBack(connected);
      const { rows, chunks, warnings } = reply.data;
      return { ...firstPage(chunks, rows), warnings };
    }
    const { refusal, isUnauthorized } = readErrorRecord(request.cmdlet, reply.data, clock.wall());
    if (isUnauthorized) {
      connected.shell.end();
      return unauthorized(connected.token);
    }
    this.#giveBack(connected);
    return refusal;
  }

  /** An idle shell that is still good, else a new one. */
  async #take(
    request: PageRequest<PackedPage>,
    signal: AbortSignal,
  ): Promise<Connected | Refusal | Unauthorized> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (this.#isGood(idle)) return idle;
      idle.shell.end();
    }
    return await this.#connect(request, signal);
  }

  #isGood({ shell, token, usedToConnect }: Connected): boolean {
    if (shell.uses - usedToConnect >= this.#options.usesPerShell) return false;
    return this.#isUsable(token);
  }

  #isUsable({ token, endsAt }: Token): boolean {
    return !this.#refused.has(token) && endsAt - MARGIN_MS > this.#options.clock.wall();
  }

  #giveBack(connected: Connected): void {
    if (this.#closing.signal.aborted || !this.#isGood(connected)) connected.shell.end();
    else this.#idle.push(connected);
  }

  async #connect(
    request: PageRequest<PackedPage>,
    signal: AbortSignal,
  ): Promise<Connected | Refusal | Unauthorized> {
    const { tokens, clock } = this.#options;
    const token = await tokens.get();
    let shell: Shell | undefined;
    try {
      shell = await this.#open(signal);
      await this.#checkModule(shell, signal);
      const answer = await shell.ask({ task: 'connect', parameters: this.#connectParameters(token) }, signal);
      const reply = connectedSchema.parse(answer);
      if (reply.ok) return { shell, token, usedToConnect: shell.uses };
      shell.end();
      const { refusal, isUnauthorized } = readErrorRecord('Connect-ExchangeOnline', reply, clock.wall());
      if (isUnauthorized) return unauthorized(token);
      // Nothing was sent yet: whatever passes may be tried again.
      if (refusal.error.transient) return { ...refusal, error: untouched(request.cmdlet, refusal.error) };
      throw connectFailed(reply);
    } catch (error) {
      shell?.end();
      if (error instanceof ShellLost) return lost(request.cmdlet, error.message, false);
      throw error;
    }
  }

  async #open(signal: AbortSignal): Promise<Shell> {
    try {
      return await this.#shells.open(signal);
    } catch (error) {
      if (error instanceof ShellLost && /ENOENT|EACCES/.test(error.message))
        throw programMissing(error.message);
      throw error;
    }
  }

  async #checkModule(shell: Shell, signal: AbortSignal): Promise<void> {
    this.#module ??= shell.ask({ task: 'module' }, signal).then(chooseModule);
    await this.#module.catch((error: unknown) => {
      // A shell that was lost says nothing about the module.
      if (!(error instanceof InteropError)) this.#module = undefined;
      throw error;
    });
  }

  #connectParameters({ token, user }: Token): Readonly<Record<string, unknown>> {
    const { baseUrl, organization } = this.#options;
    return {
      AccessToken: token,
      ...(user === undefined ? { Organization: organization } : { UserPrincipalName: user }),
      ...(baseUrl === PUBLIC ? {} : { ConnectionUri: `${baseUrl}/powershell-liveid` }),
      CommandName: Object.keys(CMDLETS),
      ShowBanner: false,
      SkipLoadingFormatData: true,
    };
  }
}

function protectedParameters(
  parameters: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { Password } = parameters;
  return typeof Password === 'string' ? { ...parameters, Password: secure(Password) } : parameters;
}

/** The first thousand rows; the others stay packed until they are wanted. */
function firstPage(chunks: readonly string[], rows: readonly unknown[]): Page<PackedPage> {
  if (chunks.length === 0) return { kind: 'page', rows, warnings: [] };
  return unpack({ key: '0', isCall: false, chunks, rows });
}

function unpack({ key, chunks, rows }: PackedPage): Page<PackedPage> {
  const [first, ...others] = chunks;
  if (first === undefined) return { kind: 'page', rows, warnings: [] };
  const next = { key: String(Number(key) + 1), isCall: false as const, chunks: others, rows };
  return {
    kind: 'page',
    rows: z.array(z.unknown()).parse(JSON.parse(gunzipSync(Buffer.from(first, 'base64')).toString('utf8'))),
    warnings: [],
    next,
  };
}

function unauthorized({ token }: Token): Unauthorized {
  return { kind: 'unauthorized', token, claims: undefined, requestId: undefined };
}

function lost(cmdlet: string, what: string, outcomeUnknown: boolean): Refusal {
  const error = new ExchangeError({
    cmdlet,
    className: '',
    text: `the shell was lost: ${what.slice(0, 300)}`,
    transient: true,
    outcomeUnknown,
  });
  return { kind: 'refusal', throttled: false, retryAfterMs: undefined, error };
}

function untouched(cmdlet: string, { className, text, category, status }: ExchangeError): ExchangeError {
  return new ExchangeError({ cmdlet, className, text, category, status, transient: true });
}

function connectFailed(record: ErrorRecord): InteropError {
  return new InteropError({
    kind: 'authentication',
    summary: 'Connect-ExchangeOnline failed',
    problems: [
      {
        where: 'PowerShell module ExchangeOnlineManagement',
        what: withoutTokens((record.details || record.message).split(/\r?\n/)[0] ?? ''),
        allowed:
          'Exchange.ManageAsApp with admin consent, and the Entra role Exchange Administrator or a role group',
      },
    ],
  });
}

function programMissing(found: string): InteropError {
  return moduleMissing('PowerShell (pwsh) could not be started', 'PowerShell 7.4 or later on PATH', found, [
    'see https://learn.microsoft.com/powershell/scripting/install/installing-powershell',
  ]);
}

function withoutTokens(text: string): string {
  return text.replace(/\beyJ[\w-]+(\.[\w-]*)*/g, '***').slice(0, 500);
}
