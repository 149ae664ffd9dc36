/** What differs between two sets of properties, as paths: never as values. */
import {
  formatPath,
  hasUnknown,
  isList,
  isObject,
  type Properties,
  type PropertyPath,
  type PropertyValue,
  reveal,
} from './values.js';

/** One property that changes. */
export interface Change {
  /** A path as in {@link formatPath}. */
  readonly path: string;
  readonly kind: 'add' | 'update' | 'delete';
  /** Whether the old value is an input; else it is compared with what the resource has. */
  readonly inputDiff: boolean;
}

/** What to compare how. */
export interface CompareOptions {
  /** Properties that are lists without an order, such as owners. */
  readonly unordered?: readonly string[];
  readonly inputDiff: boolean;
}

/**
 * Compares two sets of properties. What is unknown counts as changed; names that begin with `__` are the bookkeeping of
 * other providers (pulumi/pulumi-terraform-bridge: `__defaults`, `__meta`) and are left out.
 */
export function compareProperties(olds: Properties, news: Properties, options: CompareOptions): Change[] {
  const names = new Set(
    [...Object.keys(olds), ...Object.keys(news)].filter((name) => !name.startsWith('__')),
  );
  return [...names].sort().flatMap((name) => {
    const isUnordered = options.unordered?.includes(name) === true;
    const before = present(olds[name]);
    const after = present(news[name]);
    const changes = isUnordered
      ? compareUnordered(before, after, [name])
      : compareValues(before, after, [name]);
    return changes.map((change) => ({ ...change, inputDiff: options.inputDiff }));
  });
}

type Found = Omit<Change, 'inputDiff'>;

function present(value: PropertyValue | undefined): PropertyValue | undefined {
  return value === undefined || value === null ? undefined : reveal(value);
}

function compareValues(
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  path: PropertyPath,
): Found[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path: formatPath(path), kind: 'add' }];
  if (after === undefined) return [{ path: formatPath(path), kind: 'delete' }];
  if (isList(before) && isList(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) =>
      compareValues(before[index], after[index], [...path, index]),
    ).flat();
  }
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys]
      .sort()
      .flatMap((key) => compareValues(present(before[key]), present(after[key]), [...path, key]));
  }
  return before === after && !hasUnknown(after) ? [] : [{ path: formatPath(path), kind: 'update' }];
}

function compareUnordered(
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  path: PropertyPath,
): Found[] {
  if (!isList(before) || !isList(after) || hasUnknown(after)) return compareValues(before, after, path);
  return canonical(before) === canonical(after) ? [] : [{ path: formatPath(path), kind: 'update' }];
}

/** The same text for equal values; lists within count as unordered, too. */
function canonical(value: PropertyValue): string {
  if (isList(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (isObject(value)) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`);
    return `{${entries.sort().join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The property that a path begins with. */
export function rootOf(path: string): string {
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path);
  if (quoted !== null) return JSON.parse(`"${quoted[1] ?? ''}"`) as string;
  return /^[^.[]*/.exec(path)?.[0] ?? path;
}

/** Whether `ignoreChanges` covers the path: the same, or something that it lies in. */
export function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some(
    (entry) =>
      entry === '*' || path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`),
  );
}
