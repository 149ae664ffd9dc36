/** `verify`: looks availability up as Google does, endpoint by endpoint, and names what is in the way. */

import { domainOf, emailAddress, Refusal } from '../../infra/config/values.js';
import { parseStackConfig, type StackConfig } from '../../infra/config.js';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import { InteropError } from '../../infra/errors.js';
import { type Cloud, cloudOfProvider } from '../../infra/graph/provider-cloud.js';
import { readTrust } from '../../infra/graph/trust.js';
import {
  type EndpointCheck,
  type EndpointReport,
  GOOGLE_NOT_CHECKED,
  internet,
  verifyEndpoint,
  type Way,
  windowFrom,
} from '../../infra/verify/index.js';
import { kindName, reportLines } from '../../infra/verify/report.js';
import { peopleOfLastSweep } from '../../infra/verify/sample.js';
import type { CliIo } from '../cli.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { chooseStack, findProject, type ProjectStack } from '../project.js';
import { readLine } from '../read-line.js';
import { readStackFile, stackConfigOf } from '../stack-file.js';
import { lazySight } from './verify-sight.js';
import { needsState, type PastedFlags, type PastedValues, valuesOfState } from './verify-values.js';
import { filesOf } from './visibility-shared.js';

/** The command's own options, as cli.ts declares them. */
export interface VerifyFlags extends PastedFlags {
  /** All when none is named. */
  readonly endpoint: readonly string[];
  readonly attendee: readonly string[];
  readonly outside?: string;
  readonly asRole: readonly string[];
  readonly days: number;
  /** The EWS URL as it was pasted, in place of the configured one. */
  readonly url?: string;
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
  const { terminal, env, signal } = context;
  const stack = chooseStack(findProject(context.cwd), context.stack, env);
  const raw = stackConfigOf(readStackFile(stack.file));
  const config = parseStackConfig(raw.ours, raw.azuread);
  const people = flags.attendee.map((text) => address('--attendee', text));
  const outside = flags.outside === undefined ? undefined : address('--outside', flags.outside);
  const endpoints = chosenEndpoints(config, flags.endpoint);
  const inputs = await readInputs(endpoints, flags, env, stdin);
  const cloud = await cloudOfProvider(raw.azuread, env, signal);
  const values = await pastedValues(context, config, endpoints, flags, inputs.secret);
  const sight = lazySight({ context, config, azuread: raw.azuread });
  const around = internet({ trust: readTrust(env), env, signal });
  const checks: EndpointCheck[] = [];
  for (const endpoint of endpoints) {
    checks.push({
      name: endpoint.name,
      way: wayOf(endpoint, { config, cloud, values, password: inputs.password, flags }),
      roleAccounts: flags.asRole.length > 0 ? flags.asRole : endpoint.roleAccounts,
      attendees: await attendeesOf(endpoint, { context, config, stack, people, endpoints }),
      window: windowFrom(around.now(), flags.days),
      access: config.access,
      outside,
      graphPermissions: config.registration.graphPermissions,
      listWrittenAt: values?.listWrittenAt,
      expectDetails: config.eventDetails && config.visibility?.level !== 'AvailabilityOnly',
      excluded: new Map(
        // Those excluded by an attribute are not known by address here: the diagnosis then goes by their rights alone.
        config.visibility?.exclude.flatMap((entry) =>
          'address' in entry ? [[entry.address.toLowerCase(), entry.reason] as const] : [],
        ),
      ),
      sight: sight.sight,
      google: GOOGLE_NOT_CHECKED,
      facts: { stack: stack.name },
    });
  }
  const reports: EndpointReport[] = [];
  try {
    for (const check of checks) {
      terminal.status(`looking up ${check.attendees.length} calendars through ${check.name}`);
      const report = await verifyEndpoint(check, around);
      reports.push(report);
      terminal.line();
      for (const { text, tone } of reportLines(report)) terminal.line(text, tone);
    }
  } finally {
    await sight.close();
  }
  for (const blind of sight.blind()) terminal.line(`  – could not be looked at: ${blind}`, 'dim');
  const works = reports.every((report) => report.works);
  return {
    exitCode: works ? 0 : VERIFY_FAILED,
    json: { works, endpoints: reports, notLookedAt: sight.blind() },
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
    return { clientId, secret, listWrittenAt: undefined };
  }
  const state = await valuesOfState(context, secret);
  return { ...state, clientId: flags.clientId ?? state.clientId };
}

interface WaySources {
  readonly config: StackConfig;
  readonly cloud: Cloud;
  readonly values: PastedValues | undefined;
  readonly password: string | undefined;
  readonly flags: VerifyFlags;
}

function wayOf(endpoint: Endpoint, { config, cloud, values, password, flags }: WaySources): Way {
  const url = flags.url ?? endpoint.url ?? config.exchange.ewsUrl ?? cloud.ews;
  if (endpoint.type === 'onPremises') return { kind: 'onPremises', url, password: password ?? '' };
  const pasted = {
    tokenEndpoint: flags.tokenEndpoint ?? `${cloud.authority}/${config.tenant}/oauth2/v2.0/token`,
    clientId: values?.clientId ?? '',
    secret: values?.secret ?? '',
  };
  return endpoint.type === 'microsoft365-ews'
    ? { kind: 'ews', url, credentials: { ...pasted, scope: `${cloud.exchange}/.default` } }
    : { kind: 'graph', graph: cloud.graph, credentials: { ...pasted, scope: `${cloud.graph}/.default` } };
}

interface AttendeeSources {
  readonly context: CommandContext;
  readonly config: StackConfig;
  readonly stack: ProjectStack;
  readonly people: readonly string[];
  readonly endpoints: readonly Endpoint[];
}

/** Those who were named and live in the endpoint's domains; else some of the last sweep; else the role accounts. */
async function attendeesOf(endpoint: Endpoint, sources: AttendeeSources): Promise<readonly string[]> {
  const { context, config, stack, people, endpoints } = sources;
  if (people.length > 0) {
    if (endpoints.length === 1) return people;
    const own = people.filter((address) => endpoint.domains.includes(domainOf(address)));
    return own.length > 0 ? own : endpoint.roleAccounts;
  }
  const seen = await peopleOfLastSweep(filesOf(config, stack.name, context.env), endpoint.domains);
  if (seen.length > 0) {
    context.terminal.line(
      `${endpoint.name}: looks up ${seen.length} people of the last sweep on this machine.`,
      'dim',
    );
    return seen;
  }
  const say = `${endpoint.name}, ${kindName(wayKind(endpoint))}: nobody was named with --attendee, so the role accounts look themselves up.`;
  context.terminal.line(say, 'dim');
  return endpoint.roleAccounts;
}

function wayKind({ type }: Endpoint): EndpointReport['kind'] {
  return ({ 'microsoft365-ews': 'ews', 'microsoft365-graph': 'graph', onPremises: 'onPremises' } as const)[
    type
  ];
}
