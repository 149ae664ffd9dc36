/**
 * docs/configuration.md, printed from the schema.
 */
import { type AnySchema, elementOf, shapeOf, unwrap } from './docs.js';
import { CONFIG_NAMESPACE } from './keys.js';
import { stackConfigSchema } from './schema.js';

/** One row of the reference. */
interface Row {
  readonly key: string;
  readonly about: string;
  readonly fallback: string;
  readonly allowed: string;
}

const INTRODUCTION = `# Configuration

<!-- Printed from infra/config/. Change it there, then: UPDATE_DOCS=1 npx jest test/config/reference.test.ts -->

One stack stands for one tenant, and its configuration is the file \`Pulumi.<stack>.yaml\`. Copy \`Pulumi.dev.yaml\`, which explains
each key where it stands, and set the values of your tenant. The least that a tenant needs:

\`\`\`yaml
config:
  azuread:tenantId: 11111111-2222-3333-4444-555555555555
  calendar-interop:tenant: contoso.onmicrosoft.com
  calendar-interop:protocol: graph
  calendar-interop:endpoints:
    - name: online
      type: microsoft365-graph
      domains: [contoso.com]
      roleAccounts: [interop@contoso.com]
\`\`\`

Every command reads the whole configuration before it does anything, lists all mistakes at once with key, what was found and
what is allowed, and ends with exit code 2 if there is one. An unknown key is a mistake.

## Keys

All keys are in the namespace \`${CONFIG_NAMESPACE}\`, so \`tenant\` is \`${CONFIG_NAMESPACE}:tenant\`. \`[]\` stands for the entries of a list.
`;

const APPENDIX = `
## How values are written

- Structured keys are YAML maps and lists, or JSON text as \`pulumi config set\` writes it. \`true\`, \`false\` and numbers may be quoted.
- Times are RFC 3339 in quotes: Pulumi rewrites an unquoted timestamp into a form of its own.
- A key without a value counts as not written.
- Nothing in this namespace is secret, so nothing in it is encrypted. The secret that Google holds is made by Entra and stays in
  the stack's state.

## Keys of the azuread provider

| Key | Meaning | Default | Allowed |
| --- | --- | --- | --- |
| \`azuread:tenantId\` | The tenant that the provider signs in to. If \`tenant\` is an id, both must be the same. | required | the id (GUID) of the tenant |

How to sign in (\`azuread:clientId\`, \`azuread:clientSecret\`, certificates, workload identity, the Azure CLI) and which cloud
(\`azuread:environment\`, \`azuread:metadataHost\`) are the provider's own keys, as its documentation describes them; this tool signs
in with the same. Set a client secret only with \`pulumi config set --secret azuread:clientSecret\`, or leave it to \`ARM_CLIENT_SECRET\`.
`;

/** The whole text of docs/configuration.md: Markdown, ending with a line break. */
export function configurationReference(): string {
  const rows = rowsOf(stackConfigSchema, '').map(
    ({ key, about, fallback, allowed }) =>
      `| ${[`\`${key}\``, about, fallback, allowed].map(cell).join(' | ')} |`,
  );
  return [
    INTRODUCTION,
    '| Key | Meaning | Default | Allowed |',
    '| --- | --- | --- | --- |',
    ...rows,
    APPENDIX,
  ].join('\n');
}

/** Every key with its default and its limits, without the words about it: the README's table, in Markdown. */
export function configurationTable(): string {
  const rows = rowsOf(stackConfigSchema, '').map(
    ({ key, fallback, allowed }) => `| ${[`\`${key}\``, fallback, allowed].map(cell).join(' | ')} |`,
  );
  return ['| Key | Default | Allowed |', '| --- | --- | --- |', ...rows].join('\n');
}

function rowsOf(schema: AnySchema, prefix: string): readonly Row[] {
  const element = elementOf(schema);
  if (element !== undefined) return rowsOf(element, `${prefix}[]`);
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([name, value]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const { doc } = unwrap(value);
    return [rowOf(key, value), ...(doc?.closed === true ? [] : rowsOf(value, key))];
  });
}

function rowOf(key: string, schema: AnySchema): Row {
  const { doc, required, fallback } = unwrap(schema);
  return {
    key,
    about: doc?.about ?? '',
    fallback: doc?.fallback ?? (required ? 'required' : defaultWords(fallback)),
    allowed: doc?.allowed ?? '',
  };
}

function defaultWords(fallback: unknown): string {
  if (fallback === undefined) return 'none';
  if (typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0) {
    return Array.isArray(fallback) ? 'none' : 'as below';
  }
  return `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\``;
}

/** A pipe would end the cell, an angle bracket would begin an HTML tag outside of code. */
function cell(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '\\<')))
    .join('')
    .replaceAll('|', '\\|');
}
