/** Outputs on their way to the engine: nothing secret leaves unmarked. */
import type { SecretTexts } from './secret-texts.js';
import { type Properties, type PropertyValue, remark, reveal, Secret, secretTexts } from './values.js';

/**
 * Marks what is secret: outputs that are declared so, outputs whose property was secret in one of `marked` (the inputs,
 * the state before), and every text that holds a secret of this operation.
 *
 * @param outputs may hold values that cannot be sent; encoding them says which
 */
export function finishOutputs(
  declared: { readonly secretOutputs: readonly string[] },
  outputs: { readonly [name: string]: unknown },
  marked: readonly Properties[],
  secrets: SecretTexts,
): { [name: string]: PropertyValue } {
  const given = Object.entries(outputs as Properties).filter(([, value]) => value !== undefined);
  const first = given.map(([name, value]): [string, PropertyValue] => {
    if (declared.secretOutputs.includes(name)) return [name, new Secret(reveal(value))];
    return [name, marked.reduce((so, source) => remark(source[name], so), value)];
  });
  for (const [, value] of first) for (const text of secretTexts(value)) secrets.add(text);
  return Object.fromEntries(first.map(([name, value]) => [name, secrets.mark(value)]));
}
