/**
 * Setting one key in the text of a stack's file so that nothing else changes: only the text of that key is replaced, byte for
 * byte. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  Pair,
  type ParsedNode,
  Scalar,
  YAMLMap,
} from 'yaml';

/** JSON. */
type Value = unknown;

/** Long lines stay long; encrypted values are such lines. */
const PRINTING = { lineWidth: 0, flowCollectionPadding: false, verifyAliasOrder: false } as const;

/**
 * `text` with `config.<key>` set to `value`. Where the key has a value already, comments and quoting inside of it stay as far
 * as they still belong to something.
 *
 * @param document the parsed `text`; it is used up.
 */
export function textWithConfigValue(
  text: string,
  document: Document.Parsed,
  key: string,
  value: Value,
): string {
  const config = isMap(document.contents) ? document.contents.get('config', true) : undefined;
  if (!isMap(config) || config.flow === true || config.items.length === 0) {
    if (!isMap(config)) document.set('config', emptyMapFor(config));
    document.setIn(['config', key], freshNode(value, 0));
    return document.toString(PRINTING);
  }
  const block = config as YAMLMap.Parsed;
  const pair = block.items.find((candidate) => textOf(candidate.key) === key);
  return pair === undefined
    ? withNewKey(text, block, key, value)
    : withChangedKey(text, document, pair, key, value);
}

/** A map in place of a `config:` without a value, whose comments it keeps. */
function emptyMapFor(old: unknown): YAMLMap {
  const map = new YAMLMap();
  if (isScalar(old)) {
    map.comment = old.comment ?? null;
    map.commentBefore = old.commentBefore ?? null;
  }
  return map;
}

function withNewKey(text: string, config: YAMLMap.Parsed, key: string, value: Value): string {
  const end = endOfLine(text, contentEnd(config));
  const indent = indentAt(text, config.range[0]);
  const entry = printed(new Pair(new Scalar(key), freshNode(value, 0)), indent, text);
  return splice(text, end, end, `${lineBreakOf(text)}${indent}${entry}`);
}

function withChangedKey(
  text: string,
  document: Document.Parsed,
  pair: Pair<ParsedNode, ParsedNode | null>,
  key: string,
  value: Value,
): string {
  const old = pair.value;
  const start = pair.key.range[0];
  const indent = indentAt(text, start);
  if (old === null || isEmpty(old)) {
    const end = afterColon(text, pair.key.range[1]);
    return splice(text, start, end, printed(new Pair(new Scalar(key), freshNode(value, 0)), indent, text));
  }
  if (isScalar(old) && isScalarValue(value) && old.type !== 'BLOCK_LITERAL' && old.type !== 'BLOCK_FOLDED') {
    return splice(text, old.range[0], old.range[1], scalarText(value, old.type));
  }
  // Merging uses up the old node, its place included.
  const end = endOfLine(text, contentEnd(old));
  const merged = mergedNode(document, old, value, 0);
  return splice(text, start, end, printed(new Pair(new Scalar(key), merged), indent, text));
}

/** The node for a value: what is there already where it fits, so that comments, anchors and quoting stay. */
function mergedNode(
  document: Document.Parsed,
  node: Node | null | undefined,
  value: Value,
  depth: number,
): Node {
  if (isMap(node) && isRecord(value) && !isFoldedIn(node)) return mergedMap(document, node, value, depth);
  if (isSeq(node) && Array.isArray(value)) {
    const old = [...node.items] as Node[];
    node.items = value.map((inner, index) => mergedNode(document, old[index], inner, depth + 1));
    return withoutTail(node);
  }
  if (isScalar(node) && isScalarValue(value)) return mergedScalar(node, value);
  if (isAlias(node) && isDeepStrictEqual(node.toJS(document), value)) return node;
  return freshNode(value, depth);
}

function mergedMap(
  document: Document.Parsed,
  node: YAMLMap,
  value: Record<string, Value>,
  depth: number,
): Node {
  const kept = node.items.filter((item) => Object.hasOwn(value, textOf(item.key) ?? ''));
  for (const item of kept) {
    item.value = mergedNode(document, item.value as Node | null, value[textOf(item.key) ?? ''], depth + 1);
  }
  const names = new Set(kept.map((item) => textOf(item.key)));
  const added = Object.entries(value).filter(([name]) => !names.has(name));
  node.items = [
    ...kept,
    ...added.map(([name, inner]) => new Pair(new Scalar(name), freshNode(inner, depth + 1))),
  ];
  return withoutTail(node);
}

/** A map with `<<` or with keys that are no text: it cannot be changed key by key. */
function isFoldedIn(node: YAMLMap): boolean {
  return node.items.some((item) => textOf(item.key) === undefined || textOf(item.key) === '<<');
}

/** Comments behind the last entry stand behind the text that is replaced: they stay there. */
function withoutTail<T extends Node>(node: T): T {
  if (!(isCollection(node) && node.flow === true)) node.comment = null;
  return node;
}

function mergedScalar(node: Scalar, value: Value): Node {
  if (node.value === value) return node;
  node.value = value;
  node.source = '';
  node.type = scalarType(value, node.type);
  return node;
}

/** A value in our own style: small deep things on one line. */
function freshNode(value: Value, depth: number): Node {
  const node = new Document(undefined).createNode(value, { aliasDuplicateObjects: false }) as Node;
  style(node, depth);
  return node;
}

function style(node: unknown, depth: number): void {
  if (isScalar(node)) node.type = scalarType(node.value, 'PLAIN');
  if (!isCollection(node)) return;
  const inner = node.items.map((item) => (isPair(item) ? item.value : item));
  node.flow = inner.length === 0 || (depth >= 2 && inner.every((item) => isScalar(item)));
  for (const item of inner) style(item, depth + 1);
}

/** A pair as text without a line break at its end; further lines are indented as the first. */
function printed(pair: Pair, indent: string, text: string): string {
  const holder = new YAMLMap();
  holder.items.push(pair);
  const document = new Document<Node>(undefined);
  document.contents = holder;
  const lines = document.toString(PRINTING).trimEnd().split('\n');
  return lines
    .map((line, index) => (index === 0 || line === '' ? line : indent + line))
    .join(lineBreakOf(text));
}

function scalarText(value: Value, type: Scalar.Type | undefined): string {
  const scalar = new Scalar(value);
  scalar.type = scalarType(value, type);
  const document = new Document<Node>(undefined);
  document.contents = scalar;
  return document.toString(PRINTING).trimEnd();
}

/** The quoting of what stood there before, or quotes where plain text could pass for something else. */
function scalarType(value: Value, before: Scalar.Type | undefined): Scalar.Type {
  if (typeof value !== 'string') return 'PLAIN';
  if (before === 'QUOTE_SINGLE') return 'QUOTE_SINGLE';
  return before === 'PLAIN' && plainIsSafe(value) ? 'PLAIN' : 'QUOTE_DOUBLE';
}

/**
 * Whether text needs no quotes, neither in YAML 1.2 nor in 1.1, of which Pulumi's reader keeps parts: it takes an unquoted
 * timestamp for a time (seen with Pulumi 3.259).
 */
function plainIsSafe(text: string): boolean {
  return /^[A-Za-z][\w.@-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
}

/** End of the last thing in a node that is neither comment nor white space. */
function contentEnd(node: ParsedNode): number {
  const last = isCollection(node) && node.flow !== true ? (node.items as unknown[]).at(-1) : undefined;
  if (last === undefined) return node.range[1];
  if (!isPair(last)) return contentEnd(last as ParsedNode);
  const value = last.value as ParsedNode | null;
  return value === null || isEmpty(value) ? (last.key as ParsedNode).range[1] : contentEnd(value);
}

/** An empty value has a place, but no text. */
function isEmpty(node: ParsedNode): boolean {
  return node.range[0] === node.range[1];
}

function afterColon(text: string, keyEnd: number): number {
  return text.indexOf(':', keyEnd) + 1;
}

/** Where the line ends on which `offset` lies or which it has just ended, without its line break. */
function endOfLine(text: string, offset: number): number {
  const next = text[offset - 1] === '\n' ? offset - 1 : text.indexOf('\n', offset);
  const end = next < 0 ? text.length : next;
  return text[end - 1] === '\r' ? end - 1 : end;
}

function indentAt(text: string, offset: number): string {
  return ' '.repeat(offset - (text.lastIndexOf('\n', offset - 1) + 1));
}

function lineBreakOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

function isScalarValue(value: Value): boolean {
  return typeof value !== 'object' || value === null;
}

function isRecord(value: Value): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
