/** `sandbox`: an emulated Microsoft 365 tenant on this machine, until it is told to stop. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InteropError } from '../../infra/errors.js';
import { type Sandbox, type SandboxInfo, SandboxOptionError, startSandbox } from '../../sandbox/index.js';
import type { CliIo } from '../cli.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { errorCode } from '../replace-file.js';
import { readSandboxRecord, removeSandboxRecord, writeSandboxRecord } from '../sandbox-record.js';
import { shellWord } from '../shell-word.js';
import { writeTrustBundle } from '../trust-bundle.js';

/** The command's own options, as cli.ts declares them. */
export interface SandboxFlags {
  readonly port: number;
  readonly seed: number;
  readonly mailboxes: number;
  readonly latency: number;
  readonly clock?: Date;
  readonly fault: readonly string[];
  readonly env?: boolean;
}

/**
 * Starts the sandbox and answers when it was stopped: by SIGINT, SIGTERM or the end of standard input. With `--json` the one
 * line is printed when it is ready; with `--env` nothing is started.
 *
 * @throws InteropError: `configuration` for a fault that it does not know, `failure` when the port is taken.
 */
export async function sandbox(
  context: CommandContext,
  flags: SandboxFlags,
  stdin: CliIo['stdin'],
): Promise<CommandResult> {
  if (flags.env === true) return printExports(context, flags.port);
  const folder = mkdtempSync(join(tmpdir(), 'calendar-interop-sandbox-'));
  try {
    const running = await start(flags, folder);
    const port = Number(new URL(running.info.graph).port);
    try {
      const exports = exportsFor(running.info, folder, context.env);
      writeSandboxRecord(context.env, port, { pid: process.pid, exports });
      announce(context, running.info, port);
      await untilStopped(context.signal, stdin);
    } finally {
      removeSandboxRecord(context.env, port);
      await running.stop();
    }
    return { exitCode: 0, json: undefined };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(flags: SandboxFlags, folder: string): Promise<Sandbox> {
  const { port, seed, mailboxes, latency: latencyMs, clock, fault: faults } = flags;
  try {
    return await startSandbox({ port, seed, mailboxes, latencyMs, clock, faults, folder });
  } catch (error) {
    if (error instanceof SandboxOptionError) {
      throw new InteropError({
        kind: 'configuration',
        summary: 'the sandbox cannot start with these options',
        problems: [{ where: error.option, what: error.what, found: error.found, allowed: error.allowed }],
        next: ['calendar-interop sandbox --help'],
        cause: error,
      });
    }
    if (errorCode(error) !== 'EADDRINUSE') throw error;
    throw new InteropError({
      kind: 'failure',
      summary: `port ${port} is taken`,
      problems: [
        { where: '--port', what: 'another program listens there', allowed: 'a free port; 0 takes one' },
      ],
      next: ['calendar-interop sandbox --port 0'],
      cause: error,
    });
  }
}

/** What `pulumi` needs to reach, to trust and to sign in to the emulated tenant; the backend goes with the sandbox. */
function exportsFor(info: SandboxInfo, folder: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const backend = join(folder, 'backend');
  mkdirSync(backend, { mode: 0o700 });
  const deployer = info.clients.find((client) => client.name === 'deployer');
  return {
    SSL_CERT_FILE: writeTrustBundle(info.caFile, env),
    NODE_EXTRA_CA_CERTS: info.caFile,
    ARM_CLIENT_ID: deployer?.clientId ?? '',
    ARM_CLIENT_SECRET: deployer?.clientSecret ?? '',
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_CONFIG_PASSPHRASE: randomBytes(18).toString('base64url'),
  };
}

function printExports(context: CommandContext, port: number): CommandResult {
  const { exports } = readSandboxRecord(context.env, port);
  for (const [name, value] of Object.entries(exports)) {
    context.terminal.line(`export ${name}=${shellWord(value)}`);
  }
  return { exitCode: 0, json: exports };
}

function announce({ terminal }: CommandContext, info: SandboxInfo, port: number): void {
  if (terminal.json) {
    terminal.result(info);
    return;
  }
  terminal.line(`An emulated Microsoft 365 tenant is running at ${info.graph}`, 'strong');
  terminal.pairs([
    ['tenant', `${info.domain} (${info.tenantId})`],
    ['azuread:metadataHost', info.metadataHost],
    ['certificate authority', info.caFile],
    ...info.clients.map(
      (client) => [`client ${client.name}`, `${client.clientId}: ${rolesInWords(client.roles)}`] as const,
    ),
  ]);
  terminal.line(`  next: eval "$(calendar-interop sandbox --env --port ${port})"   # in another shell`);
  terminal.line('  Ctrl-C stops it; what it holds is gone then.', 'dim');
}

/** Most roles that are named on one line. */
const FEW_ROLES = 4;

function rolesInWords(roles: readonly string[]): string {
  return roles.length <= FEW_ROLES ? roles.join(', ') : `${roles.length} application permissions`;
}

async function untilStopped(signal: AbortSignal, stdin: CliIo['stdin']): Promise<void> {
  const endings: Promise<unknown>[] = [];
  if (signal.aborted) return;
  endings.push(once(signal, 'abort'));
  if (hasWriter(stdin)) {
    endings.push(once(stdin, 'close'), once(stdin, 'end'));
    stdin.resume();
  }
  await Promise.race(endings);
  stdin.pause();
  stdin.unref?.();
}

/** Whether somebody holds the other end of standard input: the null device and a file end at once and mean nothing. */
function hasWriter(stdin: CliIo['stdin']): boolean {
  if (stdin.isTTY === true) return true;
  if (stdin.fd === undefined) return true;
  try {
    const status = fstatSync(stdin.fd);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false;
  }
}
