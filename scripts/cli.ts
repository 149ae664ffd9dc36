/**
 * The command line: its commands and options. Each command's code is loaded when it runs, so that `--help` stays quick.
 */
import type { Readable, Writable } from 'node:stream';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { SECTION_IDS } from '../infra/doctor/section.js';
import { RANGE_FORMS, type RangeForm } from '../infra/endpoints/range-forms.js';
import { MOST_DAYS, USUAL_DAYS } from '../infra/verify/window.js';
import type { CommandContext, CommandResult } from './command-context.js';
import type { DoctorFlags } from './commands/doctor.js';
import type { SandboxFlags } from './commands/sandbox.js';
import type { VerifyFlags } from './commands/verify.js';
import { packageVersion } from './package-root.js';
import type { RotationWorld } from './rotation/rotation-world.js';
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
    load: (
      flags: Flags,
      args: readonly string[],
    ) => Promise<(context: CommandContext) => Promise<CommandResult>>,
  ): Command =>
    common(parent.command(name).description(description)).action(async (...given: unknown[]) => {
      const { runCommand } = await import('./run-command.js');
      // Behind the arguments come the options and the command itself.
      const flags = given.at(-2) as Flags;
      const args = given.slice(0, -2).flat() as string[];
      outcome.exitCode = await runCommand(io, flags, async (context) => (await load(flags, args))(context));
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

  define(
    program,
    'preflight',
    'Look at permissions, licences, Exchange and people before anything is changed; writes nothing',
    async () => {
      const { preflightCommand } = await import('./commands/preflight.js');
      return preflightCommand;
    },
  );

  define(
    program,
    'network',
    "Print Google's address ranges as firewall rules, or check a host of your own from here",
    async (flags) => {
      const { network } = await import('./commands/network.js');
      return (context) =>
        network(context, {
          form: flags.format as RangeForm,
          check: flags.check as string | undefined,
        });
    },
  )
    .addOption(new Option('--format <form>', 'form of the ranges').choices(RANGE_FORMS).default('plain'))
    .option('--check <host>', 'an Exchange server on-premises: its name, or the URL that Google is given');

  const rotation = program.command('rotation').description('The rotation of the client secret');
  define(rotation, 'init', 'Write the first rotation ledger into the stack configuration', async () => {
    const { rotationInit } = await import('./commands/rotation-init.js');
    return rotationInit;
  });
  const writeOnly = [
    '--write-only',
    'write the ledger only, for a pull request; `up` does the rest once it is merged',
  ] as const;
  define(
    rotation,
    'status',
    'Where the rotation stands and what is due; exits with 10 when something is due',
    async (flags) => {
      const [{ rotationStatus }, world] = await Promise.all([
        import('./commands/rotation-status.js'),
        liveWorld(),
      ]);
      return (context) => rotationStatus(context, { offline: flags.offline === true }, world);
    },
  ).option('--offline', 'go by the ledger alone: Entra is not asked for secrets that somebody else made');
  define(rotation, 'stage', 'Make the next secret beside the one in use, and prove it', async (flags) => {
    const [{ rotationStage }, world] = await Promise.all([
      import('./commands/rotation-stage.js'),
      liveWorld(),
    ]);
    return (context) => rotationStage(context, { writeOnly: flags.writeOnly === true }, world);
  }).option(...writeOnly);
  define(
    rotation,
    'confirm',
    "Say, or see, that Google's forms hold the new secret: all of them, or those of the endpoints named",
    async (flags, endpoints) => {
      const [{ rotationConfirm }, world] = await Promise.all([
        import('./commands/rotation-confirm.js'),
        liveWorld(),
      ]);
      const given = { endpoints, evidence: flags.evidence === true, writeOnly: flags.writeOnly === true };
      return (context) => rotationConfirm(context, given, world);
    },
  )
    .argument('[endpoint...]', 'names of endpoints; all unless given')
    .option('--evidence', "go by Microsoft's and Google's logs instead of by your word")
    .option(...writeOnly);
  define(
    rotation,
    'retire',
    'Remove the old secret, once Google is confirmed to hold the new one',
    async (flags) => {
      const [{ rotationRetire }, world] = await Promise.all([
        import('./commands/rotation-retire.js'),
        liveWorld(),
      ]);
      return (context) => rotationRetire(context, { writeOnly: flags.writeOnly === true }, world);
    },
  ).option(...writeOnly);
  define(
    rotation,
    'revoke',
    'Remove a secret that may be known to others: at once, or when Google holds another one',
    async (flags, [secret = '']) => {
      const [{ rotationRevoke }, world] = await Promise.all([
        import('./commands/rotation-revoke.js'),
        liveWorld(io),
      ]);
      const given = {
        secret,
        now: flags.now === true,
        afterSwitch: flags.afterSwitch === true,
        deadline: flags.deadline as Date | undefined,
        yes: flags.yes === true,
        writeOnly: flags.writeOnly === true,
      };
      return (context) => rotationRevoke(context, given, world);
    },
  )
    .argument('<secret>', 'slot a or b, or the key id of a secret in no slot')
    .option('--now', 'at once, whatever stops working')
    .option('--after-switch', 'when Google holds another secret, at the latest at the deadline')
    .addOption(
      new Option('--deadline <iso>', 'for --after-switch, for example 2027-01-31T08:00:00Z').argParser(
        isoTime,
      ),
    )
    .option('--yes', 'do not ask')
    .option(...writeOnly);
  define(
    rotation,
    'adopt',
    'Count a secret of the registration that somebody else made; without a key id, list them',
    async (flags, [keyId]) => {
      const [{ rotationAdopt }, world] = await Promise.all([
        import('./commands/rotation-adopt.js'),
        liveWorld(),
      ]);
      return (context) => rotationAdopt(context, { keyId, writeOnly: flags.writeOnly === true }, world);
    },
  )
    .argument('[keyid]', 'key id of the secret')
    .option(...writeOnly);
  define(
    rotation,
    'remove',
    'Remove a secret of the registration that somebody else made',
    async (flags, [keyId = '']) => {
      const [{ rotationRemove }, world] = await Promise.all([
        import('./commands/rotation-remove.js'),
        liveWorld(io),
      ]);
      const given = { keyId, yes: flags.yes === true, force: flags.force === true };
      return (context) => rotationRemove(context, given, world);
    },
  )
    .argument('<keyid>', 'key id of the secret')
    .option('--force', 'although Google may be using it: look-ups stop then')
    .option('--yes', 'do not ask');
  define(
    rotation,
    'run',
    'Do what is due and no more: for a scheduler; exits with 10 when a person has something to do',
    async (flags) => {
      const [{ rotationRun }, world] = await Promise.all([import('./commands/rotation-run.js'), liveWorld()]);
      const given = { report: flags.report as string | undefined, writeOnly: flags.writeOnly === true };
      return (context) => rotationRun(context, given, world);
    },
  )
    .option(
      '--report <file>',
      'write what was done and what is due in Markdown, for a pull request or a ticket',
    )
    .option(...writeOnly);
  define(rotation, 'restore', 'Write the ledger of the state into the stack configuration', async () => {
    const [{ rotationRestore }, world] = await Promise.all([
      import('./commands/rotation-restore.js'),
      liveWorld(),
    ]);
    return (context) => rotationRestore(context, world);
  });

  defineHandoff(program, io, outcome);

  const visibility = program
    .command('visibility')
    .description('What calendars show to everybody in the organisation');
  define(
    visibility,
    'plan',
    'Read the calendars in scope and show what would change; writes nothing',
    async (flags) => {
      const [{ visibilityPlan }, { openStackPort, savedRecord }] = await Promise.all([
        import('./commands/visibility-plan.js'),
        import('./commands/visibility-wiring.js'),
      ]);
      const wiring = { openPort: openStackPort, savedRecord };
      return (context) => visibilityPlan(context, { exitCode: flags.exitCode === true }, wiring);
    },
  ).option('--exit-code', 'end with 7 where calendars would be raised, for schedulers');
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
      new Option('--days <n>', 'how far to look ahead')
        .default(USUAL_DAYS)
        .argParser(wholeNumber(1, MOST_DAYS)),
    )
    .option('--client-id <id>', "the client id as it was pasted, in place of the stack's")
    .option('--token-endpoint <url>', "the token endpoint as it was pasted, in place of the stack's")
    .option('--url <url>', 'the EWS URL as it was pasted, in place of the configured one')
    .option('--secret-stdin', "the client secret on standard input, in place of the stack's current one")
    .addOption(passwordVariable())
    .option('--password-stdin', 'that password on standard input');

  define(
    program,
    'doctor',
    'Preflight, drift, rotation, the end of EWS and look-ups in one report with one verdict; writes nothing',
    async (flags) => {
      const { doctor } = await import('./commands/doctor.js');
      return (context) => doctor(context, flags as unknown as DoctorFlags, { now: () => new Date() });
    },
  )
    .addOption(sectionOption('--section <name>', 'only this section; may be repeated'))
    .addOption(sectionOption('--skip <name>', 'leave this section out; may be repeated'))
    .option('--html <file>', 'write the report as a page, too')
    .addOption(passwordVariable())
    .addHelpText('after', DOCTOR_HELP);

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

/** `handoff` takes several stacks, whose endpoints it joins. */
function defineHandoff(program: Command, io: CliIo, outcome: { exitCode: number }): void {
  common(
    program
      .command('handoff')
      .description("The values for Google's form: to print, to copy from a page, to prove"),
    new Option('-s, --stack <name>', 'a stack; may be repeated: endpoints are joined')
      .argParser(collect)
      .default([], 'as for the other commands'),
  )
    .option('--show-secrets', 'print the client secret in clear text')
    .option('--page', 'serve it to one browser on this machine, under an address that works once')
    .option('--watch', 'wait for evidence that the values were pasted')
    .addOption(
      new Option('--timeout <minutes>', 'give up a watch after so long')
        .default(60)
        .argParser(wholeNumber(1, 10_080)),
    )
    .action(async ({ stack, ...flags }: Record<string, unknown> & { readonly stack: readonly string[] }) => {
      const { runCommand } = await import('./run-command.js');
      outcome.exitCode = await runCommand(io, flags, async (context) => {
        const { handoff } = await import('./commands/handoff.js');
        return await handoff(context, {
          stacks: stack,
          showSecrets: flags.showSecrets === true,
          page: flags.page === true,
          watch: flags.watch === true,
          timeout: flags.timeout as number,
        });
      });
    });
}

const EXIT_CODE_HELP = `
Exit codes are Pulumi's: 0 fine, 1 failure, 2 configuration or usage, 3 authentication, 4 resource, 5 policy,
6 no such stack, 7 drift, 8 cancelled, 9 timeout; of our own: 10 something is due, 11 verify failed,
12 preflight or doctor found a fault.

Shell completion: eval "$(calendar-interop complete bash)", likewise for zsh, fish and powershell.`;

const DOCTOR_HELP = `
Exit codes, the first that applies: 12 a section has a fault; 3, 6, 1, … what kept a section from being looked at (as
--help of calendar-interop lists them, 3 before the others); 10 nothing is broken, but something is due; 0 all is well.
2 and 6 also before anything is looked at, for a wrong call, a wrong configuration or a stack that is not there.
What could not be checked within a section, such as Google's side without credentials, is told and changes no code;
but for the password of a server on-premises that is not given: 3.`;

/** The world that rotation commands work in; with a person to ask where there is a terminal. */
async function liveWorld(io?: CliIo): Promise<RotationWorld> {
  const { LIVE_WORLD } = await import('./rotation/live-world.js');
  if (io?.stdin.isTTY !== true || io.stderr.isTTY !== true) return LIVE_WORLD;
  const { askOn } = await import('./question.js');
  return { ...LIVE_WORLD, ask: askOn(io.stdin, io.stderr) };
}

function common(
  command: Command,
  stack = new Option('-s, --stack <name>', 'the stack; default: PULUMI_STACK, else the only one there is'),
): Command {
  return command
    .addOption(stack)
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

function sectionOption(flags: string, description: string): Option {
  return new Option(flags, description)
    .choices(SECTION_IDS)
    .argParser((text: string, list: readonly string[]) => collect(knownSection(text), list))
    .default([], 'none');
}

function knownSection(text: string): string {
  if ((SECTION_IDS as readonly string[]).includes(text)) return text;
  throw new InvalidArgumentError(`Found ${JSON.stringify(text)}; allowed: ${SECTION_IDS.join(', ')}.`);
}

function passwordVariable(): Option {
  return new Option(
    '--password-env <name>',
    'variable with the password of on-premises role accounts',
  ).default('EXCHANGE_PASSWORD');
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
