/** Messages to bytes: as the library makes them, but for what long texts cost. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import fc from 'fast-check';
import { decode, encode } from '../../infra/exchange/provider/kernel/marshal.js';
import { serialize } from '../../infra/exchange/provider/kernel/serialize.js';

const LONG = 1 << 16;

function answer(properties: Record<string, unknown>): providerPb.CreateResponse {
  const response = new providerPb.CreateResponse();
  response.setId('an id');
  response.setProperties(encode(properties));
  return response;
}

test('the bytes are the library’s own, however long the texts are (property)', () => {
  const text = fc
    .tuple(fc.string({ unit: 'grapheme' }), fc.constantFrom(1, LONG - 1, LONG, LONG + 1))
    .map(([part, times]) =>
      (part === '' ? 'é' : part)
        .repeat(times)
        .slice(0, 2 * LONG)
        .toWellFormed(),
    );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      const message = answer({ first: texts[0] ?? null, all: texts, within: { texts } });
      expect(serialize(message).equals(message.serializeBinary())).toBe(true);
      const back = providerPb.CreateResponse.deserializeBinary(serialize(message));
      expect(decode(back.getProperties()).all).toEqual(texts);
    }),
    { numRuns: 12 },
  );
});

test('a text of ten megabytes needs no hundred megabytes of heap', () => {
  const script = join(__dirname, 'support', 'serialize-in-child.ts');
  const args = ['--import', 'tsx', '--max-old-space-size=64', script];
  // The heap of a process that needs more comes to its end, and so does the process.
  expect(Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toBeGreaterThan(10_000_000);
});
