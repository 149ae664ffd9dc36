/** Settings of the engine's and the providers' own logs that would write secrets down in clear text. Pure. */

/** A setting that is overruled, with the reason for people. */
export interface OverruledSetting {
  readonly variable: string;
  /** What the engine is given instead. */
  readonly value: string;
  readonly why: string;
}

/** Seen with Pulumi 3.259: from 3 upwards the outputs of resources stand in the log as they are, secret or not. */
const QUIET_VERBOSITY = 1;

/** Levels at which the official azuread provider keeps the bodies of its requests to itself (terraform-provider-azuread, client_options.go). */
const QUIET_PROVIDER_LEVELS = ['', 'OFF', 'ERROR', 'WARN', 'INFO'];

const PROVIDER_LOGS = ['TF_LOG', 'TF_LOG_PROVIDER', 'TF_LOG_PROVIDER_AZUREAD'];

/** The settings in an environment that are not passed on, each with what takes its place. */
export function overruledLogging(env: NodeJS.ProcessEnv): readonly OverruledSetting[] {
  const overruled: OverruledSetting[] = [];
  const verbosity = Number(env.PULUMI_OPTION_VERBOSE ?? 0);
  if (!(verbosity <= QUIET_VERBOSITY)) {
    overruled.push({
      variable: 'PULUMI_OPTION_VERBOSE',
      value: String(QUIET_VERBOSITY),
      why: `above ${QUIET_VERBOSITY} Pulumi writes secrets into its log in clear text`,
    });
  }
  if ((env.PULUMI_DEBUG_GRPC ?? '') !== '') {
    overruled.push({
      variable: 'PULUMI_DEBUG_GRPC',
      value: '',
      why: 'it writes every message of the engine into a file, secrets included',
    });
  }
  for (const variable of PROVIDER_LOGS) {
    if (QUIET_PROVIDER_LEVELS.includes((env[variable] ?? '').toUpperCase())) continue;
    overruled.push({
      variable,
      value: 'INFO',
      why: 'below INFO the azuread provider logs the bodies of its requests, new secrets included',
    });
  }
  return overruled;
}
