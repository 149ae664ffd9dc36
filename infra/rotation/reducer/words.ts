/** Moments and notes as the ledger and the refusals write them. */
import { formatInstant } from '../ledger.js';

/** A moment as the ledger writes it; undefined when it cannot. */
export function instantOf(time: Date): string | undefined {
  try {
    return formatInstant(time);
  } catch {
    return undefined;
  }
}

export function describeTime(time: Date): string {
  return instantOf(time) ?? 'no time';
}

/** Longest note that the ledger takes. */
const NOTE_LENGTH = 200;

/** Words for the ledger: one short line each, left out when nothing of them can be shown. */
export function noted<K extends 'by' | 'note' | 'seen'>(
  words: Readonly<Record<K, string | undefined>> | Readonly<Partial<Record<K, string>>>,
): Partial<Record<K, string>> {
  const lines: Partial<Record<K, string>> = {};
  for (const [key, text] of Object.entries(words) as [K, string | undefined][]) {
    const line = oneLine(text ?? '');
    if (line !== '') lines[key] = line;
  }
  return lines;
}

function oneLine(text: string): string {
  let line = '';
  for (const character of text.replaceAll(/\p{C}+/gu, ' ').trim()) {
    if (line.length + character.length > NOTE_LENGTH) break;
    line += character;
  }
  return line.trim();
}
