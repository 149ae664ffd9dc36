/**
 * The command line: its commands and options. Each command's code is loaded when it runs, so that `--help` stays quick.
 */
import type { Readable, Writable } from 'node:stream';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { MOST_DAYS } from '../infra/verify/window.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { SandboxFlags } from './commands/sandbox.js';
import type { VerifyFlags } from './commands/verify.js';
import { packageVersion } from './package-root.js';
import type { CommonFlags } from './run-command.js';

/** The surroundings of the process. */
export interface CliIo {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly fd?: number; unref?(): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** Exit code for a wrong call, as for a wrong configuration. */
const USAGE_ERROR = 2;

/** Runs one command line and answers with the exit code; writes to the streams given, never throws. */
export async function runCli(io: CliIo): Promise<number> {
  const outcome = { exitCode: 0 };
  const program = buildCli(io, outcome);
  try {
    if (asksForCompletion(io.argv)) await addCompletion(program, io);
    await program.parseAsync([...io.argv], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    throw error;
  }
}

/** All commands with their options. Exported for tests of help and completion. */
export function buildCli(io: CliIo, outcome: { exitCode: number }): Command {
  const program = new Command('calendar-interop')
    .description(
      'Google Calendar users see the availability of Exchange users: declared, previewed, undone by destroy.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .showHelpAfterError('(calendar-interop --help lists the commands)')
    .enablePositionalOptions()
    .addHelpText('after', EXIT_CODE_HELP);

  type Flags = CommonFlags & Record<string, unknown>;
  const define = (
    parent: Command,
    name: string,
    description: string,
    load: (flags: Flags) => Promise<(context: CommandContext) => Promise<CommandResult>>,
  ): Command =>
    common(parent.command(name).description(description)).action(async (flags: Flags) => {
      const { runCommand } = await import('./run-command.js');
      outcome.exitCode = await runCommand(io, flags, async (context) => (await load(flags))(context));
    });

  define(program, 'up', 'Make everything as declared; puts an interrupted run right first', async (flags) => {
    const { up } = await import('./commands/up.js');
    return (context) => up(context, { refresh: flags.refresh === true });
  }).option('--refresh', 'look at the tenant first and repair what drifted');
  define(program, 'preview', 'Show what up would change; writes nothing', async (flags) => {
    const { preview } = await import('./commands/preview.js');
    return (context) => preview(context, { refresh: flags.refresh === true });
  }).option('--refresh', 'compare with the tenant instead of the state');
  define(program, 'refresh', 'Take the tenant as it is into the state', async () => {
    const { refresh } = await import('./commands/refresh.js');
    return refresh;
  });
  define(
    program,
    'drift',
    'Show what was changed behind our back; writes nothing, exits with 7 on drift',
    async () => {
      const { drift } = await import('./commands/drift.js');
      return drift;
    },
  );
  define(program, 'destroy', 'Undo what this stack did, and nothing else', async (flags) => {
    const { destroy } = await import('./commands/destroy.js');
    return (context) => destroy(context, { refresh: flags.refresh !== false });
  }).option('--no-refresh', 'do not look at the tenant first');

  const rotation = program.command('rotation').description('The rotation of the client secret');
  define(rotation, 'init', 'Write the first rotation ledger into the stack configuration', async () => {
    const { rotationInit } = await import('./commands/rotation-init.js');
    return rotationInit;
  });

  const visibility = program
    .command('visibility')
    .description('What calendars show to everybody in the organisation');
  define(
    visibility,
    'plan',
    'Read the calendars in scope and show what would change; writes nothing',
    async () => {
      const [{ visibilityPlan }, { openStackPort, savedRecord }] = await Promise.all([
        import('./commands/visibility-plan.js'),
        import('./commands/visibility-wiring.js'),
      ]);
      return (context) => visibilityPlan(context, { openPort: openStackPort, savedRecord });
    },
  );
  define(visibility, 'apply', 'Raise what is lower than wished; goes on where a killed run was', async () => {
    const [{ visibilityApply }, { runResources }] = await Promise.all([
      import('./commands/visibility-apply.js'),
      import('./commands/visibility-wiring.js'),
    ]);
    return (context) => visibilityApply(context, { runResources });
  });
  define(visibility, 'undo', 'Give calendars back the right that they had before', async () => {
    const [{ visibilityUndo }, { openStackPort, savedRecord }] = await Promise.all([
      import('./commands/visibility-undo.js'),
      import('./commands/visibility-wiring.js'),
    ]);
    return (context) => visibilityUndo(context, { openPort: openStackPort, savedRecord });
  });
  define(visibility, 'status', 'What the last sweeps on this machine came to; asks nobody', async () => {
    const { visibilityStatus } = await import('./commands/visibility-status.js');
    return visibilityStatus;
  });
  define(
    visibility,
    'report',
    'Who has which level and what failed, from the last sweep on this machine',
    async (flags) => {
      const { visibilityReport } = await import('./commands/visibility-report.js');
      return (context) => visibilityReport(context, { html: flags.html as string | undefined });
    },
  ).option('--html <file>', 'write it as a page');

  define(
    program,
    'verify',
    'Look availability up as Google does, and name what is in the way; exits with 11 when it fails',
    async (flags) => {
      const { verify } = await import('./commands/verify.js');
      return (context) => verify(context, flags as unknown as VerifyFlags, io.stdin);
    },
  )
    .addOption(repeated('--endpoint <name>', 'only this endpoint; may be repeated'))
    .addOption(repeated('--attendee <address>', 'whom to look up; may be repeated'))
    .addOption(repeated('--as-role <address>', 'act as this account in place of the configured ones'))
    .option('--outside <address>', 'a mailbox that the application may not act on, where access is limited')
    .addOption(
      new Option('--days <n>', 'how far to look ahead').default(7).argParser(wholeNumber(1, MOST_DAYS)),
    )
    .option('--client-id <id>', "the client id as it was pasted, in place of the stack's")
    .option('--token-endpoint <url>', "the token endpoint as it was pasted, in place of the stack's")
    .option('--url <url>', 'the EWS URL as it was pasted, in place of the configured one')
    .option('--secret-stdin', "the client secret on standard input, in place of the stack's current one")
    .addOption(
      new Option('--password-env <name>', 'variable with the password of on-premises role accounts').default(
        'EXCHANGE_PASSWORD',
      ),
    )
    .option('--password-stdin', 'that password on standard input');

  define(
    program,
    'demo',
    'Everything once, on an emulated tenant: provision, drift, repair, destroy',
    async (flags) => {
      const { demo } = await import('./commands/demo.js');
      return (context) => demo(context, { keep: flags.keep === true });
    },
  ).option('--keep', 'leave everything running and say how to go on');
  define(program, 'sandbox', 'Start an emulated Microsoft 365 tenant on this machine', async (flags) => {
    const { sandbox } = await import('./commands/sandbox.js');
    return (context) => sandbox(context, flags as unknown as SandboxFlags, io.stdin);
  })
    .addOption(
      new Option('--port <n>', 'port on 127.0.0.1; 0 takes a free one')
        .default(8443)
        .argParser(wholeNumber(0, 65535)),
    )
    .addOption(
      new Option('--seed <n>', 'the tenant that comes out depends on it alone')
        .default(1)
        .argParser(wholeNumber(0, 2 ** 31 - 1)),
    )
    .addOption(
      new Option('--mailboxes <n>', 'users with a mailbox').default(50).argParser(wholeNumber(0, 1_000_000)),
    )
    .addOption(
      new Option('--latency <ms>', 'wait before each answer').default(0).argParser(wholeNumber(0, 60_000)),
    )
    .addOption(
      new Option('--clock <iso>', "start of the sandbox's clock, for example 2027-01-31T08:00:00Z").argParser(
        isoTime,
      ),
    )
    .addOption(
      new Option('--fault <name=value>', 'a fault to inject; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--env', 'print the exports for plain `pulumi up --stack dev`');
  return program;
}

const EXIT_CODE_HELP = `
Exit codes are Pulumi's: 0 fine, 1 failure, 2 configuration or usage, 3 authentication, 4 resource, 5 policy,
6 no such stack, 7 drift, 8 cancelled, 9 timeout; of our own: 11 verify failed.

Shell completion: eval "$(calendar-interop complete bash)", likewise for zsh, fish and powershell.`;

function common(command: Command): Command {
  return command
    .option('-s, --stack <name>', 'the stack; default: PULUMI_STACK, else the only one there is')
    .option('-C, --cwd <folder>', 'work in this project folder instead of the current one')
    .option('--json', 'one JSON object on standard output, progress on standard error');
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      `Found ${JSON.stringify(text)}; allowed: a whole number from ${least} to ${most}.`,
    );
  };
}

function isoTime(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}(T|$)/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError(
    `Found ${JSON.stringify(text)}; allowed: an ISO 8601 time such as 2027-01-31T08:00:00Z.`,
  );
}

function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect).default([], 'none');
}

function collect(text: string, list: readonly string[]): readonly string[] {
  return [...list, text];
}

function asksForCompletion(argv: readonly string[]): boolean {
  return argv[0] === 'complete';
}

/** Adds the commands that shells ask for completions, with the stacks of the project for `--stack`. */
async function addCompletion(program: Command, io: CliIo): Promise<void> {
  const [{ default: tab }, { stacksNear }] = await Promise.all([
    import('@bomb.sh/tab/commander'),
    import('./project.js'),
  ]);
  const stacks = stacksNear(io.cwd);
  for (const command of withSubcommands(program)) {
    command.options.find((option) => option.long === '--stack')?.choices(stacks);
  }
  tab(program);
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
