/**
 * Property values on the wire: the one place where secrets and unknown values are wrapped and unwrapped.
 *
 * A marked value is an object with the key {@link SIGNATURE_KEY}; an unknown one is a text made for it
 * (pulumi/pulumi sdk/go/common/resource/sig/sig.go, sdk/go/common/resource/plugin/rpc.go).
 */
import structPb from 'google-protobuf/google/protobuf/struct_pb.js';
import {
  formatPath,
  isList,
  isObject,
  type Properties,
  type PropertyPath,
  type PropertyValue,
  reveal,
  Secret,
  UNKNOWN,
  Unknown,
} from './values.js';

export const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
export const SIGNATURES = {
  secret: '1b47061264138c4ac30d75fd1eb44270',
  output: 'd0e6a833031e9bbcd3f4e8bde6ca49a4',
  resource: '5cf8f73096256a8f31e491e813e4eb8e',
  asset: 'c44067f5952c0a294b673a41bacd8c17',
  archive: '0def7320c3a5731c473e5ecbe6d01bc7',
} as const;

/** How an unknown value is sent; which of the texts says what type was expected. */
export const UNKNOWN_TEXT = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const UNKNOWN_TEXTS: ReadonlySet<string> = new Set([
  UNKNOWN_TEXT,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', // boolean
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421', // number
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2', // array
  '030794c1-ac77-496b-92df-f27374a8bd58', // asset
  'e48ece36-62e2-4504-bad9-02848725956a', // archive
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff', // object
]);

/** A value that cannot be sent or received. */
export class MarshalError extends Error {
  override readonly name = 'MarshalError';

  constructor(path: PropertyPath, what: string) {
    super(`${path.length === 0 ? 'the properties' : formatPath(path)}: ${what}`);
  }
}

/**
 * Properties from the wire. References to resources become their ids (of components: their URNs).
 *
 * @throws MarshalError for assets, archives and marks that are not known
 */
export function decode(struct: structPb.Struct | undefined): Properties {
  return struct === undefined ? {} : decodeFields(struct, []);
}

function decodeFields(struct: structPb.Struct, path: PropertyPath): { [key: string]: PropertyValue } {
  const fields: { [key: string]: PropertyValue } = Object.create(null);
  struct.getFieldsMap().forEach((value: structPb.Value, key: string) => {
    fields[key] = decodeValue(value, [...path, key]);
  });
  return { ...fields };
}

function decodeValue(value: structPb.Value, path: PropertyPath): PropertyValue {
  switch (value.getKindCase()) {
    case structPb.Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case structPb.Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case structPb.Value.KindCase.STRING_VALUE:
      return UNKNOWN_TEXTS.has(value.getStringValue()) ? UNKNOWN : value.getStringValue();
    case structPb.Value.KindCase.LIST_VALUE:
      return (value.getListValue()?.getValuesList() ?? []).map((item, index) =>
        decodeValue(item, [...path, index]),
      );
    case structPb.Value.KindCase.STRUCT_VALUE:
      return decodeObject(value.getStructValue() ?? new structPb.Struct(), path);
    default:
      return null;
  }
}

function decodeObject(struct: structPb.Struct, path: PropertyPath): PropertyValue {
  const signature = struct.getFieldsMap().get(SIGNATURE_KEY)?.getStringValue();
  if (signature === undefined) return decodeFields(struct, path);
  const fields = decodeFields(struct, path);
  switch (signature) {
    case SIGNATURES.secret:
      if (fields.value === undefined) throw new MarshalError(path, 'a secret without a value');
      return secret(fields.value);
    case SIGNATURES.output: {
      const value = fields.value === undefined ? UNKNOWN : fields.value;
      return fields.secret === true ? secret(value) : value;
    }
    case SIGNATURES.resource:
      return fields.id === undefined ? (fields.urn ?? null) : fields.id === '' ? UNKNOWN : fields.id;
    case SIGNATURES.asset:
    case SIGNATURES.archive:
      throw new MarshalError(path, 'files (assets and archives) are not accepted');
    default:
      throw new MarshalError(path, 'a kind of value that this provider does not know');
  }
}

/** Secrets do not nest: the outer mark covers what is inside. */
function secret(value: PropertyValue): Secret {
  return new Secret(reveal(value));
}

/**
 * Properties for the wire. What is `undefined` is left out; in lists it is null.
 *
 * @throws MarshalError for what JSON cannot hold: dates, big integers, symbols, functions, numbers that are not finite,
 * objects of a class
 */
export function encode(properties: { readonly [name: string]: unknown }): structPb.Struct {
  return encodeFields(properties, []);
}

function encodeFields(fields: { readonly [key: string]: unknown }, path: PropertyPath): structPb.Struct {
  const struct = new structPb.Struct();
  for (const [key, value] of Object.entries(fields)) {
    // The protocol's library keeps fields in an ordinary object, where this name is lost without a word.
    if (key === '__proto__') throw new MarshalError([...path, key], 'this name cannot be sent');
    if (value !== undefined) struct.getFieldsMap().set(key, encodeValue(value, [...path, key]));
  }
  return struct;
}

function encodeValue(value: unknown, path: PropertyPath): structPb.Value {
  const encoded = new structPb.Value();
  if (value === null || value === undefined) encoded.setNullValue(structPb.NullValue.NULL_VALUE);
  else if (typeof value === 'boolean') encoded.setBoolValue(value);
  else if (typeof value === 'string') encoded.setStringValue(value);
  else if (typeof value === 'number') encoded.setNumberValue(finite(value, path));
  else if (value instanceof Unknown) encoded.setStringValue(UNKNOWN_TEXT);
  else if (value instanceof Secret) encoded.setStructValue(encodeSecret(value, path));
  else if (isList(value)) encoded.setListValue(encodeList(value, path));
  else if (isObject(value)) encoded.setStructValue(encodeFields(value, path));
  else throw new MarshalError(path, `a ${kindOf(value)} cannot be a property`);
  return encoded;
}

function finite(value: number, path: PropertyPath): number {
  if (!Number.isFinite(value)) throw new MarshalError(path, `the number ${value} cannot be a property`);
  return value;
}

function encodeSecret(value: Secret, path: PropertyPath): structPb.Struct {
  const struct = new structPb.Struct();
  struct.getFieldsMap().set(SIGNATURE_KEY, encodeValue(SIGNATURES.secret, path));
  struct.getFieldsMap().set('value', encodeValue(reveal(value.value), path));
  return struct;
}

function encodeList(list: readonly unknown[], path: PropertyPath): structPb.ListValue {
  const encoded = new structPb.ListValue();
  encoded.setValuesList(list.map((item, index) => encodeValue(item, [...path, index])));
  return encoded;
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : typeof value;
}
