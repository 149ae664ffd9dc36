/** One secret on standard input. */
import type { Readable } from 'node:stream';
import { InteropError } from '../infra/errors.js';

const LONGEST = 4_096;

/**
 * The text on standard input without the line end behind it; for memory only, never log it.
 *
 * @throws InteropError of kind `configuration` when there is none, or more than one line
 */
export async function readLine(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    size += bytes.length;
    if (size > LONGEST) break;
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text !== '' && size <= LONGEST && !/[\r\n]/.test(text)) return text;
  throw new InteropError({
    kind: 'configuration',
    summary: 'standard input holds no secret',
    problems: [
      {
        where: 'standard input',
        what: 'is not one line',
        found: size > LONGEST ? `more than ${LONGEST} bytes` : text === '' ? 'nothing' : 'several lines',
        allowed: 'the secret, and nothing else',
      },
    ],
    next: ['calendar-interop verify --secret-stdin < <file with the secret>'],
  });
}
