/** A provider's configuration: how it arrives, and what the engine adds to it. */
import { z } from 'zod';
import { isObject, mapObject, type Properties, type PropertyValue, remark, reveal } from './values.js';

/** Names that are the engine's own (pulumi/pulumi pkg/resource/deploy/providers/reference.go and registry.go). */
const ENGINE_NAMES: ReadonlySet<string> = new Set([
  'version',
  'pluginDownloadURL',
  'pluginChecksums',
  'parameterization',
]);

/** The configuration without the engine's own entries. */
export function ownConfiguration(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([name]) => !ENGINE_NAMES.has(name) && !name.startsWith('__')),
  );
}

/**
 * Values as the schema wants them: everything that is no text arrives as JSON in a text
 * (pulumi/pulumi sdk/go/common/resource/plugin/provider_plugin.go, `DiffConfig` and `Configure`).
 */
export function typedConfiguration(schema: z.ZodObject, properties: Properties): Properties {
  return mapObject(properties, (value, name) => {
    const field = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
    return field === undefined ? value : remark(value, typedValue(field, reveal(value)));
  });
}

function typedValue(field: z.core.$ZodType, value: PropertyValue): PropertyValue {
  if (typeof value !== 'string' || z.safeParse(field, value).success) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return isJson(parsed) ? parsed : value;
  } catch {
    return value;
  }
}

function isJson(value: unknown): value is PropertyValue {
  return value === null || Array.isArray(value) || isObject(value) || typeof value !== 'object';
}
