/** One cmdlet from its name and parameters to its outcome, with the faults that hit it. */
import type { JsonObject } from '../json.js';
import type { ExchangeCaller } from './access.js';
import type { Anchor } from './anchor.js';
import { type Bound, bind } from './binding.js';
import type { CmdletRun, PlacedRow } from './cmdlet.js';
import { badArgument, CmdletError, type CmdletFailure, transientFailure } from './cmdlet-error.js';
import { cmdletNamed } from './cmdlets/index.js';
import type { ExchangeOnline } from './exchange-online.js';
import type { Row } from './model.js';

export interface CmdletRequest {
  readonly name: string;
  readonly parameters: JsonObject;
  readonly anchor: Anchor | undefined;
  /** At most so many rows. */
  readonly pageSize: number;
  /** Rows up to this place have been given. */
  readonly after: number;
}

export type Outcome =
  | {
      readonly kind: 'success';
      readonly rows: readonly Row[];
      /** There are more rows behind this place. */
      readonly next: number | undefined;
      readonly warnings: readonly string[];
      /** Failures that did not end the cmdlet. */
      readonly errors: readonly CmdletFailure[];
      /** What the cmdlet asks before it acts. */
      readonly question: string | undefined;
    }
  | { readonly kind: 'failure'; readonly failure: CmdletFailure }
  /** The caller may not run it, or it does not exist: Exchange does not tell which. */
  | { readonly kind: 'forbidden' }
  /** Never answered. */
  | { readonly kind: 'silence' };

const MORE_ROWS =
  'There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter.';
const DEFAULT_RESULT_SIZE = 1000;

/** Runs a cmdlet. It reads and writes in one go: nothing comes in between. */
export function invoke(exchange: ExchangeOnline, caller: ExchangeCaller, request: CmdletRequest): Outcome {
  const known = cmdletNamed(request.name);
  if (known === undefined || !known.cmdlet.roles.some((role) => caller.roleGroups.has(role)))
    return { kind: 'forbidden' };
  const { name, cmdlet } = known;
  const { faults } = exchange;
  if (faults.take('nulBytes403', name) !== undefined) return { kind: 'forbidden' };
  if (faults.take('cmdletHang', name) !== undefined) return { kind: 'silence' };
  try {
    const parameters = bind(cmdlet.parameters, cmdlet.mandatory ?? [], request.parameters);
    if (parameters.flag('WhatIf') === true) return success([], undefined, []);
    if (cmdlet.asks === true && parameters.flag('Confirm') !== false) return question(name, parameters);
    failIfAsked(exchange, name);
    if (faults.take('errorInSuccess', name) !== undefined) {
      return { ...success([], undefined, []), errors: [transientFailure().failure] };
    }
    vanishIfAsked(exchange, name, parameters);
    const outcome = run(exchange, name, cmdlet.run, parameters, request);
    if (faults.take('cmdletUnanswered', name) !== undefined) return { kind: 'silence' };
    if (faults.take('cmdletLost', name) !== undefined) throw transientFailure();
    return outcome;
  } catch (error) {
    if (error instanceof CmdletError) return { kind: 'failure', failure: error.failure };
    throw error;
  }
}

function success(rows: readonly Row[], next: number | undefined, warnings: readonly string[]) {
  return { kind: 'success', rows, next, warnings, errors: [], question: undefined } as const;
}

function question(name: string, parameters: Bound): Outcome {
  const text = `Are you sure you want to perform this action? ${name} "${parameters.text('Identity') ?? ''}".`;
  return { ...success([], undefined, []), question: text };
}

function failIfAsked({ faults }: ExchangeOnline, name: string): void {
  if (faults.take('cmdletError', name) !== undefined) throw transientFailure();
  if (faults.take('cmdletRefused', name) !== undefined)
    throw badArgument('The operation was refused by a fault of the sandbox.');
}

/** Deletes the mailbox that the cmdlet is about, as somebody else might just now. */
function vanishIfAsked(exchange: ExchangeOnline, name: string, parameters: Bound): void {
  const identity = parameters.text('Identity');
  if (identity === undefined) return;
  const colon = identity.indexOf(':');
  const [mailbox] = exchange.mailboxes.find(colon < 0 ? identity : identity.slice(0, colon));
  if (mailbox !== undefined && exchange.faults.take('vanish', name) !== undefined) {
    exchange.directory.softDelete(mailbox.user);
  }
}

function run(
  exchange: ExchangeOnline,
  name: string,
  work: (run: CmdletRun) => Iterable<PlacedRow>,
  parameters: Bound,
  request: CmdletRequest,
): Outcome {
  const warnings: string[] = [];
  const found = work({
    name,
    exchange,
    parameters,
    after: request.after,
    anchor: request.anchor?.routesTo,
    warn: (text) => warnings.push(text),
  });
  const resultSize = parameters.number('ResultSize') ?? DEFAULT_RESULT_SIZE;
  const most = Math.min(resultSize, request.pageSize);
  const rows: Row[] = [];
  let last = request.after;
  for (const [place, row] of found) {
    if (rows.length === most) {
      if (most === resultSize) warnings.push(MORE_ROWS);
      return success(rows, last, warnings);
    }
    rows.push(row);
    last = place;
  }
  return success(rows, undefined, warnings);
}
