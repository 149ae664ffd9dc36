/** Values to the wire and back. */
import fc from 'fast-check';
import structPb from 'google-protobuf/google/protobuf/struct_pb.js';
import { decode, encode } from '../../infra/exchange/provider/kernel/marshal.js';
import { type PropertyValue, Secret, UNKNOWN } from '../../infra/exchange/provider/kernel/values.js';

/** Secrets print as a mark only, so that comparing them needs their values. */
function visible(value: PropertyValue): unknown {
  if (value instanceof Secret) return { '<secret>': visible(value.value) };
  if (Array.isArray(value)) return value.map(visible);
  if (value === UNKNOWN) return '<unknown>';
  if (typeof value === 'object' && value !== null) {
    // The wire keeps no order of names.
    return Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, visible(item)]);
  }
  return value;
}

/** All names but the one that is refused. */
const name = fc.string().filter((text) => text !== '__proto__');

const { plain, marked } = fc.letrec<{ plain: PropertyValue; marked: PropertyValue }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.string({ unit: 'grapheme' }),
    fc.constant(UNKNOWN),
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(name, tie('plain'), { maxKeys: 4 }),
  ),
  marked: fc.oneof(
    { maxDepth: 3 },
    tie('plain'),
    tie('plain').map((value) => new Secret(value)),
    fc.array(tie('marked'), { maxLength: 4 }),
    fc.dictionary(name, tie('marked'), { maxKeys: 4 }),
  ),
}));

it('brings every value back from the wire as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(name, marked, { maxKeys: 5 }), (properties) => {
      const wire = structPb.Struct.deserializeBinary(encode(properties).serializeBinary());
      expect(visible(decode(wire))).toEqual(visible({ ...properties }));
    }),
  );
});

it('sends no secret outside its wrapping', () => {
  const word = 'xyzzy-secret';
  fc.assert(
    fc.property(plain, fc.dictionary(name, plain, { maxKeys: 3 }), (inner, others) => {
      const wire = encode({ ...others, hidden: new Secret([word, inner]) });
      wire.getFieldsMap().del('hidden');
      expect(Buffer.from(wire.serializeBinary()).toString('utf8')).not.toContain(word);
    }),
  );
});

it('leaves out what is undefined', () => {
  const wire = encode({ a: undefined, b: { c: undefined, d: 1 }, e: [undefined, 2] });
  expect(wire.toJavaScript()).toEqual({ b: { d: 1 }, e: [null, 2] });
});

it.each([
  ['a Date', new Date(0), 'a Date cannot be a property'],
  ['a bigint', 1n, 'a bigint cannot be a property'],
  ['a symbol', Symbol('x'), 'a symbol cannot be a property'],
  ['a function', () => 1, 'a function cannot be a property'],
  ['not a number', Number.NaN, 'the number NaN cannot be a property'],
  ['infinity', Number.POSITIVE_INFINITY, 'the number Infinity cannot be a property'],
  ['a Map', new Map(), 'a Map cannot be a property'],
])('refuses %s with its path', (_, value, message) => {
  expect(() => encode({ outer: [{ 'in.ner': value }] })).toThrow(`outer[0]["in.ner"]: ${message}`);
});

it('refuses the name that would be lost on the way', () => {
  const properties = JSON.parse('{"outer": {"__proto__": 1}}');
  expect(() => encode(properties)).toThrow('outer.__proto__: this name cannot be sent');
});

it('shows no secret when it is printed', () => {
  const hidden = new Secret('xyzzy');
  expect(`${JSON.stringify({ hidden })} ${JSON.stringify(Object.entries(hidden))}`).not.toContain('xyzzy');
});
