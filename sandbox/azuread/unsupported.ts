/** Inputs that the official provider has and the stand-in has not: refused, never dropped. */
export function unsupported(...names: readonly string[]): Record<string, string> {
  const reason = "is not supported by the sandbox's stand-in for the azuread provider";
  return Object.fromEntries(names.map((name) => [name, reason]));
}
