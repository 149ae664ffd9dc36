/** What a cmdlet is: its parameters, who may run it, what it does. */
import type { Bound, ParameterKind } from './binding.js';
import type { ExchangeOnline } from './exchange-online.js';
import type { Row } from './model.js';
import type { RoleGroup } from './rbac.js';

/** A row with the place behind it, from which the next page goes on. */
export type PlacedRow = readonly [place: number, row: Row];

export interface CmdletRun {
  readonly name: string;
  readonly exchange: ExchangeOnline;
  readonly parameters: Bound;
  /** Rows up to this place have been given already. */
  readonly after: number;
  /** The mailbox to which the request was routed, as the caller named it; undefined without an anchor. */
  readonly anchor: string | undefined;
  warn(text: string): void;
}

export interface Cmdlet {
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** Parameters that it cannot do without. */
  readonly mandatory?: readonly string[];
  /** Any of these role groups may run it. */
  readonly roles: readonly RoleGroup[];
  /** It asks before it acts, unless Confirm is false. */
  readonly asks?: true;
  /** Does its work and gives rows; lazily, so that a page costs what it shows. */
  readonly run: (run: CmdletRun) => Iterable<PlacedRow>;
}

const MANAGEMENT: RoleGroup = 'Organization Management';
const RECIPIENTS: RoleGroup = 'Recipient Management';
const VIEW_ONLY: RoleGroup = 'View-Only Organization Management';

/** Role groups by what a cmdlet does. */
export const MAY_READ: readonly RoleGroup[] = [MANAGEMENT, RECIPIENTS, VIEW_ONLY];
export const MAY_WRITE_RECIPIENTS: readonly RoleGroup[] = [MANAGEMENT, RECIPIENTS];
export const MAY_READ_ORGANIZATION: readonly RoleGroup[] = [MANAGEMENT, VIEW_ONLY];
export const MAY_WRITE_ORGANIZATION: readonly RoleGroup[] = [MANAGEMENT];

/** Rows of a list that is at hand, from a place on. */
export function placed(rows: readonly Row[], after: number): readonly PlacedRow[] {
  return rows.map((row, index): PlacedRow => [index + 1, row]).filter(([place]) => place > after);
}

export const NO_ROWS: readonly PlacedRow[] = [];

/** Warns that a Set- cmdlet had nothing to do. */
export function warnUnchanged(run: CmdletRun, identity: string): void {
  run.warn(`The command completed successfully but no settings of '${identity}' have been modified.`);
}
