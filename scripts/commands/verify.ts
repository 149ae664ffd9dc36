/** `verify`: looks availability up as Google does, endpoint by endpoint, and names what is in the way. */

import { emailAddress, Refusal } from '../../infra/config/values.js';
import type { StackConfig } from '../../infra/config.js';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import { InteropError } from '../../infra/errors.js';
import { reportLines } from '../../infra/verify/report.js';
import type { CliIo } from '../cli.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { openStackToRead } from '../open-stack.js';
import { readLine } from '../read-line.js';
import { readStack } from '../read-stack.js';
import { type LookUpWishes, lookUpThrough } from './verify-look-ups.js';
import { needsState, type PastedFlags, type PastedValues, valuesOfState } from './verify-values.js';

/** The command's own options, as cli.ts declares them. */
export interface VerifyFlags extends PastedFlags, LookUpWishes {
  /** All when none is named. */
  readonly endpoint: readonly string[];
  readonly attendee: readonly string[];
  readonly outside?: string;
  readonly passwordEnv: string;
  readonly passwordStdin?: boolean;
}

/** Exit code of a look-up that failed (0 to 9 are Pulumi's). */
export const VERIFY_FAILED = 11;

/**
 * @throws InteropError of kind `configuration` for names and options that do not fit, and what opening the stack throws
 */
export async function verify(
  context: CommandContext,
  flags: VerifyFlags,
  stdin: CliIo['stdin'],
): Promise<CommandResult> {
  const { terminal, env } = context;
  const read = readStack(context);
  const { config } = read;
  const people = flags.attendee.map((text) => address('--attendee', text));
  const outside = flags.outside === undefined ? undefined : address('--outside', flags.outside);
  const endpoints = chosenEndpoints(config, flags.endpoint);
  const inputs = await readInputs(endpoints, flags, env, stdin);
  const { reports, gone, notLookedAt } = await lookUpThrough(endpoints, {
    context,
    read,
    values: await pastedValues(context, config, endpoints, flags, inputs.secret),
    password: inputs.password,
    people,
    outside,
    wishes: flags,
    onReport: (report) => {
      terminal.line();
      for (const { text, tone } of reportLines(report)) terminal.line(text, tone);
    },
  });
  for (const blind of notLookedAt) terminal.line(`  – could not be looked at: ${blind}`, 'dim');
  const works = reports.every((report) => report.works);
  return {
    exitCode: works ? 0 : VERIFY_FAILED,
    json: { works, endpoints: reports, gone, notLookedAt },
  };
}

/** @throws InteropError of kind `configuration` for a name that no endpoint has */
function chosenEndpoints(config: StackConfig, names: readonly string[]): readonly Endpoint[] {
  const known = new Map(config.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw wrongCall(
      'there is no such endpoint',
      'names none of calendar-interop:endpoints',
      unknown.join(', '),
      [...known.keys()].join(', '),
    );
  }
  return names.length === 0 ? config.endpoints : config.endpoints.filter(({ name }) => names.includes(name));
}

/** @throws InteropError of kind `configuration` for what is no address; role accounts are diagnosed instead */
function address(option: string, text: string): string {
  const found = emailAddress(text);
  if (!(found instanceof Refusal)) return found;
  throw wrongCall(
    `${option} wants an email address`,
    found.what,
    JSON.stringify(text),
    'such as anna@contoso.com',
  );
}

function wrongCall(summary: string, what: string, found: string, allowed: string): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary,
    problems: [{ what, found, allowed }],
    next: ['calendar-interop verify --help'],
  });
}

interface SecretInputs {
  /** The client secret, where it was handed in. */
  readonly secret: string | undefined;
  /** The password of on-premises role accounts. */
  readonly password: string | undefined;
}

/** @throws InteropError of kind `configuration` when a secret is asked for twice or not there */
async function readInputs(
  endpoints: readonly Endpoint[],
  flags: VerifyFlags,
  env: NodeJS.ProcessEnv,
  stdin: CliIo['stdin'],
): Promise<SecretInputs> {
  if (flags.secretStdin === true && flags.passwordStdin === true) {
    throw wrongCall(
      'standard input can hold one secret only',
      'are both given',
      '--secret-stdin and --password-stdin',
      'one of them; the password may also stand in a variable, --password-env',
    );
  }
  const line = flags.secretStdin === true || flags.passwordStdin === true ? await readLine(stdin) : undefined;
  const password = flags.passwordStdin === true ? line : env[flags.passwordEnv];
  const onPremises = endpoints.filter(({ type }) => type === 'onPremises').map(({ name }) => name);
  if (onPremises.length > 0 && (password ?? '') === '') {
    throw new InteropError({
      kind: 'configuration',
      summary: 'the password of the role accounts is needed',
      problems: [
        {
          where: onPremises.join(', '),
          what: 'signs in with name and password',
          found: `${flags.passwordEnv} is not set`,
          allowed: 'a variable with the password, or the password on standard input',
        },
      ],
      next: [
        `export ${flags.passwordEnv}=…   # then the same command again`,
        'calendar-interop verify --password-stdin < <file with the password>',
      ],
    });
  }
  return { secret: flags.secretStdin === true ? line : undefined, password };
}

/** What was pasted into Google's form: from the options where they are given, else from the stack. */
async function pastedValues(
  context: CommandContext,
  config: StackConfig,
  endpoints: readonly Endpoint[],
  flags: VerifyFlags,
  secret: string | undefined,
): Promise<PastedValues | undefined> {
  if (endpoints.every(({ type }) => type === 'onPremises')) return undefined;
  const clientId = flags.clientId ?? config.registration.adopt;
  if (!needsState({ clientId, secret }) && clientId !== undefined && secret !== undefined) {
    return { clientId, secret, lastRun: undefined };
  }
  const state = await valuesOfState(context, await openStackToRead(context), 'verify', secret);
  return { ...state, clientId: flags.clientId ?? state.clientId };
}
