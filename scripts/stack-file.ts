/**
 * `Pulumi.<stack>.yaml`: read as Pulumi reads it, changed so that a person finds nothing else changed.
 *
 * Only the text of the key that is set is replaced: comments, order, anchors, quoting and line ends of everything else stay
 * byte for byte as they were, encrypted values included.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import { CONFIG_NAMESPACE } from '../infra/config/keys.js';
import { SECURE_VALUE } from '../infra/config/secure-value.js';
import { InteropError } from '../infra/errors.js';
import type { Ledger } from '../infra/rotation/ledger.js';
import { errorCode, replaceFile } from './replace-file.js';
import { textWithConfigValue } from './stack-file-edit.js';

/** A stack's file as it was when it was read. */
export interface StackFile {
  readonly path: string;
  readonly text: string;
}

/** The configuration by namespace, keys without it. Encrypted values are {@link SECURE_VALUE}. */
export interface RawConfiguration {
  readonly ours: Record<string, unknown>;
  readonly azuread: Record<string, unknown>;
  /** Every namespace, the two above included. */
  readonly byNamespace: Readonly<Record<string, Record<string, unknown>>>;
}

/** The key of the ledger in the stack's file. */
export const LEDGER_KEY = `${CONFIG_NAMESPACE}:rotation`;

/**
 * Reads a stack's file.
 *
 * @throws InteropError: `noStack` when it does not exist, `configuration` when it cannot be read or is no YAML (with line and
 * column).
 */
export function readStackFile(path: string): StackFile {
  const file = { path, text: readText(path) };
  parseYaml(file);
  return file;
}

/**
 * The configuration in a stack's file, by namespace, as Pulumi reads it: a key without a namespace is ours, and
 * `<namespace>:config:<key>` is the old way to write `<namespace>:<key>` (seen with Pulumi 3.259).
 *
 * @throws InteropError of kind `configuration` when `config` is no map of keys or an alias in it cannot be resolved.
 */
export function stackConfigOf(file: StackFile): RawConfiguration {
  // Pulumi takes an unquoted timestamp for a time and rewrites it: here it becomes a Date, which the schema refuses.
  const config = configOf(file, asValue(file, parseYaml(file, { customTags: ['timestamp'] })));
  const byNamespace: Record<string, Record<string, unknown>> = Object.create(null) as Record<
    string,
    Record<string, unknown>
  >;
  for (const [fullKey, value] of Object.entries(config)) {
    const { namespace, key } = splitKey(fullKey);
    const values = byNamespace[namespace] ?? {};
    byNamespace[namespace] = values;
    Object.defineProperty(values, key, {
      value: withoutSecrets(value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return { ours: byNamespace[CONFIG_NAMESPACE] ?? {}, azuread: byNamespace.azuread ?? {}, byNamespace };
}

/** Writes the ledger into a stack's file; see {@link setConfigValue}. */
export function writeLedger(path: string, ledger: Ledger): void {
  setConfigValue(path, LEDGER_KEY, ledger);
}

/**
 * Sets one key of a stack's configuration, all or nothing: the new text is written beside the file, flushed and renamed over it.
 *
 * @param key with its namespace, such as `calendar-interop:tenant`.
 * @param value JSON: text, number, true or false, list or map. Where the key has a map already, keys that stay keep their
 * comments.
 * @throws InteropError of kind `configuration` when the file cannot be read or changed, or is a symbolic link; the file then is
 * as it was.
 */
export function setConfigValue(path: string, key: string, value: unknown): void {
  const file = readStackFile(path);
  const text = withConfigValue(file, key, plainJson(value));
  if (text !== file.text) replaceFile(path, text);
}

/**
 * The text of a stack's file with one key set. Pure.
 *
 * @throws InteropError of kind `configuration` when the file's form does not allow it.
 */
export function withConfigValue(file: StackFile, key: string, value: unknown): string {
  const document = parseYaml(file);
  const before = asValue(file, document);
  const config = configOf(file, before);
  const written = spellingOf(key, Object.keys(config));
  if (Object.hasOwn(config, written) && isDeepStrictEqual(config[written], value)) return file.text;
  const text = textWithConfigValue(file.text, document, written, value);
  assertOnlyThisChanged(file, text, before, written, value);
  return text;
}

/** How the file spells a key that it has already: Pulumi would refuse or confuse two spellings of one key. */
function spellingOf(key: string, keys: readonly string[]): string {
  const wanted = splitKey(key);
  return keys.find((known) => isDeepStrictEqual(splitKey(known), wanted)) ?? key;
}

/** The map under `config`, empty where there is none. */
function configOf(file: StackFile, root: unknown): Record<string, unknown> {
  if (root === null) return {};
  if (!isRecord(root)) throw notAMap(file, 'the file');
  const config = root.config ?? {};
  if (!isRecord(config)) throw notAMap(file, 'config');
  return config;
}

/** The last line of defence of everybody else's keys: nothing is written unless the new text says just what it shall. */
function assertOnlyThisChanged(
  file: StackFile,
  text: string,
  before: unknown,
  key: string,
  value: unknown,
): void {
  const known = isRecord(before) ? before : {};
  const expected = { ...known, config: { ...(isRecord(known.config) ? known.config : {}), [key]: value } };
  const changed = { path: file.path, text };
  const document = parseDocument(text, { merge: true });
  if (document.errors.length === 0 && isDeepStrictEqual(asValue(changed, document), expected)) return;
  throw new InteropError({
    kind: 'configuration',
    summary: `${basename(file.path)} is written in a way that cannot be changed safely`,
    problems: [{ where: key, what: 'setting it would change something else; nothing was written' }],
    next: [`pulumi config set --path ${key} …   # or write ${key} as a block of its own`],
  });
}

function parseYaml(file: StackFile, options: { readonly customTags?: ['timestamp'] } = {}): Document.Parsed {
  const document = parseDocument(file.text, { merge: true, ...options });
  if (document.errors.length === 0) return document;
  throw new InteropError({
    kind: 'configuration',
    summary: `${basename(file.path)} is not valid YAML`,
    problems: document.errors.map((error) => {
      const [position] = error.linePos ?? [];
      const where = position === undefined ? file.path : `${file.path}:${position.line}:${position.col}`;
      return { where, what: firstSentence(error.message) };
    }),
    next: [`correct ${basename(file.path)}, then run the command again`],
  });
}

/** Without yaml's own place and the excerpt of the file, which may hold what is not to be shown. */
function firstSentence(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}

/** The file as plain values. An alias that leads nowhere, or to far too much, is a mistake in the file. */
function asValue(file: StackFile, document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw new InteropError({
      kind: 'configuration',
      summary: `${basename(file.path)} is not valid YAML`,
      problems: [{ where: file.path, what: error instanceof Error ? error.message : String(error) }],
      cause: error,
    });
  }
}

function splitKey(key: string): { namespace: string; key: string } {
  const parts = key.split(':');
  const [namespace = '', ...rest] = parts;
  if (parts.length === 1) return { namespace: CONFIG_NAMESPACE, key };
  if (parts.length === 3 && rest[0] === 'config') return { namespace, key: rest[1] ?? '' };
  return { namespace, key: rest.join(':') };
}

/** Encrypted values by their form, `{secure: v1:…}`, wherever they stand. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isRecord(value) || value instanceof Date) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value.secure === 'string') return SECURE_VALUE;
  return Object.fromEntries(keys.map((key) => [key, withoutSecrets(value[key])]));
}

function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notAMap(file: StackFile, what: string): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: `${basename(file.path)} is not a stack's file`,
    problems: [{ where: file.path, what: `${what} is not a map of keys` }],
    next: [`cp Pulumi.dev.yaml ${basename(file.path)}   # then set the values of your tenant`],
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT';
    throw new InteropError({
      kind: missing ? 'noStack' : 'configuration',
      summary: missing ? `there is no ${basename(path)}` : `${basename(path)} cannot be read`,
      problems: [
        {
          where: path,
          what: missing ? 'the file does not exist' : `reading it failed with ${errorCode(error)}`,
        },
      ],
      next: missing ? [`cp Pulumi.dev.yaml ${basename(path)}   # then set the values of your tenant`] : [],
      cause: error,
    });
  }
}
