/**
 * What can be made to go wrong, in one table: for `--fault NAME=VALUE` and for `POST /sandbox/control`.
 *
 * A fault is `NAME=COUNT`, with `@METHOD PATH` behind it to hit some requests only: `serverError=2@POST /servicePrincipals`.
 * PATH is without `/v1.0` or `/beta`, `*` stands for one segment. Counts are exact: the first COUNT matching requests fail,
 * the next one does not. Without `@` a fault hits Microsoft Graph requests only, never the token endpoint.
 */
import { closest, distance } from 'fastest-levenshtein';
import { EXCHANGE_FAULTS, EXCHANGE_SETTINGS, ExchangeFaults, isExchangeFault } from './exchange/faults.js';
import {
  isLookUpFault,
  LOOK_UP_FAULTS,
  LOOK_UP_SETTINGS,
  LookUpFaults,
  parseLookUpFault,
} from './look-up-faults.js';
import { SandboxOptionError } from './options.js';

/** What a fault does to the request that it hits. */
export type FaultEffect =
  | { readonly kind: 'answer'; readonly status: 429 | 503; readonly retryAfter: number }
  | { readonly kind: 'dropBefore' }
  | { readonly kind: 'dropAfter' }
  | { readonly kind: 'hang' };

interface FaultKind {
  readonly form: string;
  readonly what: string;
}

/** The table. README.md shows it; a test compares the two. */
export const FAULT_KINDS = {
  replicationDelay: {
    form: 'replicationDelay=MS',
    what: 'what is created is seen MS milliseconds later; no `@`',
  },
  throttle: {
    form: 'throttle=N[:SECONDS]',
    what: 'the next N requests get 429 with Retry-After SECONDS, 0 unless given',
  },
  serverError: {
    form: 'serverError=N[:SECONDS]',
    what: 'the next N requests get 503 with Retry-After SECONDS, 0 unless given',
  },
  dropBefore: { form: 'dropBefore=N', what: 'the next N connections break before the request takes effect' },
  dropAfter: {
    form: 'dropAfter=N',
    what: 'the next N connections break after the request took effect, without an answer',
  },
  hang: { form: 'hang=N', what: 'the next N requests are never answered and take no effect' },
} as const satisfies Record<string, FaultKind>;

type FaultName = keyof typeof FAULT_KINDS;

/** Which requests a fault hits; absent: all of Graph. */
interface FaultTarget {
  readonly method: string;
  readonly segments: readonly string[];
}

export type Fault =
  | { readonly name: 'replicationDelay'; readonly milliseconds: number }
  | {
      readonly name: Exclude<FaultName, 'replicationDelay'>;
      readonly count: number;
      readonly retryAfter: number;
      readonly target: FaultTarget | undefined;
    };

const MOST = 1_000_000_000;
const WITH_SECONDS: readonly string[] = ['throttle', 'serverError'];
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];

/** @throws SandboxOptionError for a name that is unknown (with the nearest one), a value or a target that is malformed. */
export function parseFault(text: string): Fault {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (!isFaultName(name)) throw unknownName(name);
  const rest = equals < 0 ? '' : text.slice(equals + 1);
  const at = rest.indexOf('@');
  const value = at < 0 ? rest : rest.slice(0, at);
  const target = at < 0 ? undefined : parseTarget(text, rest.slice(at + 1));
  const [amount, seconds] = parseValue(name, value);
  if (name === 'replicationDelay') {
    if (target !== undefined) throw malformed(name, text);
    return { name, milliseconds: amount };
  }
  return { name, count: amount, retryAfter: seconds, target };
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULT_KINDS, name);
}

function unknownName(name: string): SandboxOptionError {
  const tables = [FAULT_KINDS, EXCHANGE_SETTINGS, EXCHANGE_FAULTS, LOOK_UP_SETTINGS, LOOK_UP_FAULTS];
  const names = tables.flatMap(Object.keys);
  const nearest = closest(name, names);
  const hint = distance(name, nearest) <= 4 ? `; did you mean ${nearest}?` : '';
  return new SandboxOptionError(
    'fault',
    `is unknown${hint}`,
    name === '' ? 'nothing' : name,
    names.join(', '),
  );
}

function malformed(name: FaultName, found: string): SandboxOptionError {
  return new SandboxOptionError('fault', 'is malformed', found, FAULT_KINDS[name].form);
}

function parseValue(name: FaultName, value: string): readonly [number, number] {
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value);
  const amount = Number(match?.[1]);
  const seconds = match?.[2];
  if (match === null || amount > MOST || (seconds !== undefined && !WITH_SECONDS.includes(name))) {
    throw malformed(name, `${name}=${value}`);
  }
  return [amount, Number(seconds ?? 0)];
}

function parseTarget(text: string, target: string): FaultTarget {
  const match = /^([A-Z]+) (\/\S*)$/.exec(target);
  const [, method = '', path = ''] = match ?? [];
  if (!METHODS.includes(method)) {
    throw new SandboxOptionError(
      'fault',
      'has a malformed target',
      text,
      `@METHOD /PATH (${METHODS.join(', ')})`,
    );
  }
  return { method, segments: splitPath(path) };
}

/** The segments of a path without the version of Graph. */
function splitPath(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  return segments[0] === 'v1.0' || segments[0] === 'beta' ? segments.slice(1) : segments;
}

interface ArmedFault {
  readonly fault: Exclude<Fault, { name: 'replicationDelay' }>;
  left: number;
}

/** The faults in force, with their remaining counts. */
export class Faults {
  /** Those of Exchange, which has a table of its own. */
  readonly exchange = new ExchangeFaults();
  /** Those of look-ups, likewise. */
  readonly lookUp = new LookUpFaults();
  #armed: ArmedFault[] = [];
  #replicationDelay = 0;

  constructor(texts: readonly string[]) {
    this.add(texts);
  }

  /** Milliseconds until something that was created is seen. */
  get replicationDelay(): number {
    return this.#replicationDelay;
  }

  /** Adds faults; a fresh replicationDelay replaces the one before. @throws SandboxOptionError; then none of them is added. */
  add(texts: readonly string[]): void {
    this.replace(texts, false);
  }

  /** As {@link add}, `clear`ing those in force before. */
  replace(texts: readonly string[], clear: boolean): void {
    const faults = texts.filter((text) => !isExchangeFault(text) && !isLookUpFault(text)).map(parseFault);
    for (const text of texts.filter(isLookUpFault)) parseLookUpFault(text);
    this.exchange.replace(texts.filter(isExchangeFault), clear);
    this.lookUp.replace(texts.filter(isLookUpFault), clear);
    if (clear) {
      this.#armed = [];
      this.#replicationDelay = 0;
    }
    for (const fault of faults) {
      if (fault.name === 'replicationDelay') this.#replicationDelay = fault.milliseconds;
      else if (fault.count > 0) this.#armed.push({ fault, left: fault.count });
    }
  }

  /** The first fault in force that hits the request, which uses up one of its count. */
  take(request: {
    readonly method: string;
    readonly path: string;
    readonly isGraph: boolean;
  }): FaultEffect | undefined {
    const segments = splitPath(request.path);
    const hit = this.#armed.find(({ fault }) =>
      fault.target === undefined ? request.isGraph : hits(fault.target, request.method, segments),
    );
    if (hit === undefined) return undefined;
    hit.left -= 1;
    if (hit.left === 0) this.#armed = this.#armed.filter((armed) => armed !== hit);
    return effectOf(hit.fault);
  }

  /** What is in force, as it could be given again. */
  describe(): readonly string[] {
    const armed = this.#armed.map(({ fault, left }) => {
      const seconds = fault.retryAfter === 0 ? '' : `:${fault.retryAfter}`;
      const target =
        fault.target === undefined ? '' : `@${fault.target.method} /${fault.target.segments.join('/')}`;
      return `${fault.name}=${left}${seconds}${target}`;
    });
    const delay = this.#replicationDelay === 0 ? [] : [`replicationDelay=${this.#replicationDelay}`];
    return [...delay, ...armed, ...this.exchange.describe(), ...this.lookUp.describe()];
  }
}

function hits(target: FaultTarget, method: string, segments: readonly string[]): boolean {
  return (
    target.method === method &&
    target.segments.length === segments.length &&
    target.segments.every((wanted, index) => wanted === '*' || wanted === segments[index])
  );
}

function effectOf(fault: ArmedFault['fault']): FaultEffect {
  switch (fault.name) {
    case 'throttle':
      return { kind: 'answer', status: 429, retryAfter: fault.retryAfter };
    case 'serverError':
      return { kind: 'answer', status: 503, retryAfter: fault.retryAfter };
    default:
      return { kind: fault.name };
  }
}
