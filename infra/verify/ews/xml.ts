/**
 * XML of a server that may be anything: read with fast-xml-parser, with names by namespace and not by prefix.
 *
 * No document type is accepted, so there are no external entities and nothing to expand; size and depth are limited. Whatever the
 * text is, the answer is a document or the reason why not.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element with its children; texts of it are joined. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export type XmlResult =
  | { readonly kind: 'document'; readonly root: XmlElement }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'html' };

const DEEPEST = 60;

export function readXml(bytes: Uint8Array): XmlResult {
  let text: string;
  try {
    text = decode(bytes);
  } catch {
    return { kind: 'broken', why: 'it is not in UTF-8 or UTF-16' };
  }
  const start = text.trimStart().slice(0, 200).toLowerCase();
  if (/^(<!doctype html|<html)/.test(start)) return { kind: 'html' };
  if (/<!(doctype|entity)/i.test(text))
    return { kind: 'broken', why: 'it declares a document type, which no answer of EWS does' };
  const valid = XMLValidator.validate(text);
  if (valid !== true) return { kind: 'broken', why: valid.err.msg };
  return parse(text);
}

/** EWS answers in UTF-8; a byte order mark may say UTF-16. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le', { fatal: true }).decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be', { fatal: true }).decode(bytes);
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: DEEPEST,
});

/** A node as fast-xml-parser gives it with `preserveOrder`. */
type RawNode = Readonly<Record<string, unknown>>;

function parse(text: string): XmlResult {
  let nodes: readonly RawNode[];
  try {
    nodes = parser.parse(text) as readonly RawNode[];
  } catch (error) {
    return { kind: 'broken', why: error instanceof Error ? error.message : 'it cannot be read' };
  }
  const roots = nodes.filter((node) => tagOf(node) !== undefined);
  const [root] = roots;
  if (root === undefined || roots.length > 1)
    return { kind: 'broken', why: 'it has not exactly one root element' };
  try {
    return {
      kind: 'document',
      root: elementOf(root, new Map([['xml', 'http://www.w3.org/XML/1998/namespace']])),
    };
  } catch (error) {
    if (error instanceof UndeclaredPrefix) return { kind: 'broken', why: error.message };
    throw error;
  }
}

class UndeclaredPrefix extends Error {
  override readonly name = 'UndeclaredPrefix';

  constructor(prefix: string) {
    super(`the prefix ${prefix} is not declared`);
  }
}

function tagOf(node: RawNode): string | undefined {
  return Object.keys(node).find((key) => key !== ':@' && key !== TEXT);
}

const TEXT = '#text';

/** Depth is limited by the parser. */
function elementOf(node: RawNode, outer: ReadonlyMap<string, string>): XmlElement {
  const tag = tagOf(node) ?? '';
  const raw = (node[':@'] ?? {}) as Readonly<Record<string, unknown>>;
  const inner = new Map(outer);
  const attributes: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(raw)) {
    const text = unescaped(String(value));
    if (name === 'xmlns') inner.set('', text);
    else if (name.startsWith('xmlns:')) inner.set(name.slice(6), text);
    else attributes[name.slice(name.indexOf(':') + 1)] = text;
  }
  const [prefix, name] = tag.includes(':')
    ? [tag.slice(0, tag.indexOf(':')), tag.slice(tag.indexOf(':') + 1)]
    : ['', tag];
  const namespace = inner.get(prefix) ?? (prefix === '' ? '' : undefined);
  if (namespace === undefined) throw new UndeclaredPrefix(oneWord(prefix));
  const content = (node[tag] ?? []) as readonly RawNode[];
  return {
    namespace,
    name,
    attributes,
    children: content.filter((child) => tagOf(child) !== undefined).map((child) => elementOf(child, inner)),
    text: content.map((child) => (typeof child[TEXT] === 'string' ? unescaped(child[TEXT]) : '')).join(''),
  };
}

function oneWord(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The five entities of XML and character references; others cannot be declared, so they stay as they are. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    return isCharacter ? String.fromCodePoint(point) : '\uFFFD';
  });
}

/** The first child of this name, if any. */
export function child(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.namespace === namespace && candidate.name === name);
}

/** The text of a child without space around it; undefined where there is no such child. */
export function childText(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): string | undefined {
  return child(element, namespace, name)?.text.trim();
}
