/** Engine runs as `--json` shows them. */
import { type RunRecord, resourceChanges, shortType } from '../engine-events.js';

/** Totals by operation, and each resource that changes with the names of its properties. */
export function changesAsJson(record: RunRecord): {
  readonly totals: Readonly<Record<string, number>>;
  readonly resources: readonly {
    readonly op: string;
    readonly type: string;
    readonly name: string;
    readonly properties: readonly string[];
  }[];
} {
  const changes = resourceChanges(record);
  const totals: Record<string, number> = {};
  for (const { op } of changes) totals[op] = (totals[op] ?? 0) + 1;
  return {
    totals,
    resources: changes.map(({ op, type, name, properties }) => ({
      op,
      type: shortType(type),
      name,
      properties,
    })),
  };
}
