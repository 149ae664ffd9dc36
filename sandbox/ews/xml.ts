/** XML that comes from outside, as elements with their namespaces. No document type, hence no entity but XML's own five. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';

export interface XmlElement {
  /** URI; empty for none. */
  readonly namespace: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text directly within, as it stands. */
  readonly text: string;
}

/** Text that is no XML, or holds a document type. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

/** What the parser makes of an element: its name and its content, and the attributes under `:@`. */
type ParsedNode = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: true,
  // Only so can it decode character references; names of HTML are refused before.
  htmlEntities: true,
});

const DEEPEST = 64;
const FOREIGN_ENTITY = /&(?!(?:lt|gt|amp|apos|quot|#\d{1,7}|#x[\da-f]{1,6});)/i;
const NAMESPACE_OF_XML = 'http://www.w3.org/XML/1998/namespace';

/** The root element. @throws XmlError */
export function parseXml(text: string): XmlElement {
  const own = text.replace(/^\uFEFF/, '');
  // Refused wherever it stands: `<!` begins a comment, a CDATA section or a document type, and the last only declares what is unsafe.
  const withoutData = own.replaceAll(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  if (withoutData.includes('<!'))
    throw new XmlError('For security reasons DTD is prohibited in this XML document.');
  if (FOREIGN_ENTITY.test(withoutData)) throw new XmlError('Reference to undeclared entity.');
  if (XMLValidator.validate(own) !== true) throw new XmlError('The XML is malformed.');
  const roots = (parser.parse(own) as readonly ParsedNode[]).filter((node) => isElement(nameOf(node)));
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw new XmlError('The XML has no single root.');
  return elementOf(root, { '': '', xml: NAMESPACE_OF_XML }, DEEPEST);
}

function nameOf(node: ParsedNode): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function isElement(name: string): boolean {
  return name !== '#text' && !name.startsWith('?');
}

function elementOf(node: ParsedNode, outer: Readonly<Record<string, string>>, depth: number): XmlElement {
  if (depth === 0) throw new XmlError('The XML is nested too deeply.');
  const fullName = nameOf(node);
  const attributes = (node[':@'] ?? {}) as Readonly<Record<string, string>>;
  const scope = { ...outer, ...declarations(attributes) };
  const [prefix, name] = splitName(fullName);
  const namespace = scope[prefix];
  if (namespace === undefined) throw new XmlError(`'${prefix}' is an undeclared prefix.`);
  const content = node[fullName] as readonly ParsedNode[];
  return {
    namespace,
    name,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([key]) => !/^xmlns(?::|$)/.test(key))),
    children: content
      .filter((child) => isElement(nameOf(child)))
      .map((child) => elementOf(child, scope, depth - 1)),
    text: content.map((child) => child['#text'] ?? '').join(''),
  };
}

function declarations(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = Object.entries(attributes)
    .filter(([key]) => /^xmlns(?::|$)/.test(key))
    .map(([key, uri]) => [key.slice('xmlns:'.length), uri]);
  return Object.fromEntries(own);
}

function splitName(fullName: string): readonly [prefix: string, name: string] {
  const colon = fullName.indexOf(':');
  return [fullName.slice(0, Math.max(0, colon)), fullName.slice(colon + 1)];
}

/** The child elements of this name. */
export function childrenOf(element: XmlElement, namespace: string, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.name === name);
}

/** The first child of this name. */
export function childOf(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): XmlElement | undefined {
  return element === undefined ? undefined : childrenOf(element, namespace, name)[0];
}
