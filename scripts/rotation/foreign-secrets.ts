/** Secrets of the stack's registration that this stack did not make: found, told, never removed by themselves. */
import type { StackConfig } from '../../infra/config.js';
import { InteropError, type Problem } from '../../infra/errors.js';
import type { GraphClient } from '../../infra/graph/client.js';
import {
  type ForeignSecretFound,
  foreignSecrets,
  type KnownSecrets,
} from '../../infra/identity/foreign-secrets.js';
import type { Terminal } from '../terminal.js';
import { findRegistration } from './registration.js';

/** What was found. */
export interface ForeignView {
  readonly secrets: readonly ForeignSecretFound[];
  /** Why nobody looked; undefined where somebody did. */
  readonly notChecked?: InteropError | undefined;
  /** Why sign-ins could not be read; undefined where they were. */
  readonly signInsNotChecked: string | undefined;
}

/** Where to look, and what is known. */
export interface ForeignRequest extends KnownSecrets {
  /** @throws InteropError when nobody can sign in */
  graph(): Promise<GraphClient>;
  readonly stack: string;
  readonly config: Pick<StackConfig, 'registration'>;
}

/**
 * Looks at the registration as it is now. Where that cannot be done, it says why.
 *
 * @throws InteropError of kind `cancelled`
 */
export async function findForeignSecrets(request: ForeignRequest): Promise<ForeignView> {
  const { stack, config } = request;
  const found = await answered(async () => {
    const graph = await request.graph();
    const registration = await findRegistration(graph, stack, config);
    // Before the first `up` there is none.
    if (registration === undefined) return { secrets: [], signInsNotChecked: undefined };
    const signIns = await answered(() => graph.listCredentialSignIns(registration.appId));
    const failed = signIns instanceof InteropError;
    return {
      secrets: foreignSecrets(registration, request, failed ? undefined : signIns),
      signInsNotChecked: failed ? signIns.summary : undefined,
    };
  });
  return found instanceof InteropError
    ? { secrets: [], notChecked: found, signInsNotChecked: undefined }
    : found;
}

/** The answer, or why there is none. @throws InteropError of kind `cancelled` */
async function answered<T>(ask: () => Promise<T>): Promise<T | InteropError> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof InteropError && error.kind !== 'cancelled') return error;
    throw error;
  }
}

/** One secret as a line: name, key id, when it was made, when it ends, when it signed in last. */
export function describeForeign(secret: ForeignSecretFound, view: ForeignView, now: Date): string {
  const { keyId, name, startDate, endDate, lastUse, adopted } = secret;
  const use = view.signInsNotChecked === undefined ? 'no sign-in is reported' : 'sign-ins were not checked';
  return [
    `${name === '' ? 'a secret without a name' : JSON.stringify(name)} (key ${keyId})`,
    `made ${day(startDate)}${age(startDate, now)}`,
    `ends ${day(endDate)}`,
    lastUse === undefined ? use : `last sign-in ${lastUse}`,
    ...(adopted ? ['adopted'] : []),
  ].join(', ');
}

function age(start: string | undefined, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(start ?? '')) / DAY_MS);
  return days >= 0 ? ` (${days} ${days === 1 ? 'day' : 'days'} ago)` : '';
}

const DAY_MS = 86_400_000;

/** Tells of secrets that somebody else made, with what can be done about those that do not count yet. */
export function showForeign(terminal: Terminal, view: ForeignView, now: Date, stack: string): void {
  if (view.notChecked !== undefined)
    terminal.line(`Secrets that somebody else made were not looked for: ${view.notChecked.summary}.`, 'dim');
  for (const secret of view.secrets) {
    const line = `not ours: ${describeForeign(secret, view, now)}`;
    if (secret.adopted) {
      terminal.prose(`  ${line}`);
      continue;
    }
    terminal.prose(line, 'warn');
    terminal.line(
      `  next: calendar-interop rotation adopt ${secret.keyId} --stack ${stack}   # counts it from now on`,
    );
    terminal.line(
      `  next: calendar-interop rotation remove ${secret.keyId} --stack ${stack}   # where nothing uses it`,
    );
  }
}

/** The same as JSON. */
export function foreignAsJson({ secrets, notChecked, signInsNotChecked }: ForeignView) {
  return {
    checked: notChecked === undefined,
    notChecked: notChecked?.summary ?? null,
    signInsNotChecked: signInsNotChecked ?? null,
    secrets,
  };
}

function day(time: string | undefined): string {
  return time?.slice(0, 10) ?? 'at an unknown time';
}

/** @throws InteropError of kind `configuration` with all that there are, when none of them has this key id */
export function requireForeign(
  view: ForeignView,
  keyId: string,
  stack: string,
  now: Date,
): ForeignSecretFound {
  const found = view.secrets.find((secret) => secret.keyId === keyId.toLowerCase());
  if (found !== undefined) return found;
  throw new InteropError({
    kind: 'configuration',
    summary: 'the registration has no secret of somebody else with this key id',
    problems: [
      { where: 'key id', what: 'names none', found: JSON.stringify(keyId) },
      ...view.secrets.map((secret): Problem => ({ what: describeForeign(secret, view, now) })),
    ],
    next: [`calendar-interop rotation adopt --stack ${stack}   # lists them`],
  });
}
