/** Why no token came, for people. Original errors are left out: they may hold the request with the secret. */
import { types } from 'node:util';
import { InteropError } from '../errors.js';
import { entraCode, entraFault, entraSentence } from './aadsts.js';
import type { Cloud } from './cloud.js';
import { noWay, type Way } from './credentials.js';
import { networkCode, networkFailure } from './network-error.js';
import { withoutSecrets } from './scrub.js';
import type { ProviderSettings } from './settings.js';
import type { Trust } from './trust.js';

/** Who tried to sign in where, and what is remembered of it. */
export interface Attempt {
  readonly way: Way;
  readonly cloud: Cloud;
  readonly settings: ProviderSettings;
  readonly trust: Trust;
  readonly memory: FailureMemory;
}

/** An answer of Entra that the library may not pass on: of the look-up of the tenant, for example. */
export class RefusedRequest {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {}
}

/** The secrets in use, and the last failure that @azure/identity would keep only as text. */
export class FailureMemory {
  readonly #secrets = new Set<string>();
  #last: unknown;

  secret(value: string): string {
    this.#secrets.add(value);
    return value;
  }

  failed(error: unknown): void {
    this.#last = error;
  }

  /** The last failure, once. */
  takeLast(): unknown {
    const last = this.#last;
    this.#last = undefined;
    return last;
  }

  scrub(text: string): string {
    return withoutSecrets(text, [...this.#secrets]);
  }
}

/** What went wrong when @azure/identity was asked for a token. */
export function explainSignIn(error: unknown, attempt: Attempt): InteropError {
  const inner = attempt.memory.takeLast();
  if (inner instanceof InteropError) return inner;
  if (error instanceof InteropError) return error;
  const own = types.isNativeError(error) ? error.message : String(error);
  const answer = inner instanceof RefusedRequest ? descriptionIn(inner.body) : '';
  const text = attempt.memory.scrub(
    entraCode(own) === undefined && entraCode(answer) !== undefined ? answer : own,
  );
  const code = entraCode(text);
  if (code !== undefined) return refused(code, text, attempt);
  const network = networkCode(inner) ?? networkCode(error);
  if (network !== undefined) {
    const request = { where: 'the sign-in', url: attempt.cloud.authority, what: 'Entra' };
    return networkFailure(network, request, attempt.trust);
  }
  if (
    error instanceof Error &&
    error.name === 'CredentialUnavailableError' &&
    !usesApplication(attempt.way)
  ) {
    return noWay(attempt.settings, { way: attempt.way, trouble: firstLine(text) });
  }
  return new InteropError({
    kind: 'authentication',
    summary: `signing in by ${attempt.way.name} failed`,
    problems: [{ where: attempt.cloud.authority, what: firstLine(text) }],
    next: [attempt.way.next],
  });
}

/** `error_description` of an answer, or the answer as it is. */
function descriptionIn(body: string): string {
  try {
    const { error_description: description } = JSON.parse(body) as { error_description?: unknown };
    return typeof description === 'string' ? description : body;
  } catch {
    return body;
  }
}

function usesApplication(way: Way): boolean {
  return way.name !== 'Azure CLI' && way.name !== 'managed identity';
}

function refused(code: string, text: string, attempt: Attempt): InteropError {
  const { means, next } = entraFault(code);
  return new InteropError({
    kind: 'authentication',
    summary: `Entra refused the sign-in by ${attempt.way.name} (AADSTS${code})`,
    problems: [{ where: describeAttempt(attempt), what: means, found: entraSentence(text) }],
    next,
  });
}

/** @param limitMs the time that there was. */
export function signInTooSlow(attempt: Attempt, limitMs: number): InteropError {
  return new InteropError({
    kind: 'timeout',
    summary: `signing in by ${attempt.way.name} took longer than ${limitMs / 1000} s`,
    problems: [{ where: attempt.cloud.authority, what: 'no token came in time' }],
    next: ['run the same command again'],
  });
}

/** Ids only. */
function describeAttempt({ settings, cloud }: Attempt): string {
  const known = (name: 'clientId' | 'tenantId') => {
    const setting = settings.get(name);
    return setting.state === 'known' ? `${setting.source} ${setting.value}` : undefined;
  };
  return [known('clientId'), known('tenantId'), new URL(cloud.authority).host]
    .filter((part) => part !== undefined)
    .join(', ');
}

function firstLine(text: string): string {
  return (text.split(/\r?\n/)[0] ?? '').slice(0, 400);
}
