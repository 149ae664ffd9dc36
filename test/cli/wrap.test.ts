import fc from 'fast-check';
import { wrapped } from '../../scripts/wrap.js';

test('text is broken between words, and what follows is indented', () => {
  expect(wrapped('  endpoint online: holds interop-a-g3 since 2026-07-10', 30)).toEqual([
    '  endpoint online: holds',
    '    interop-a-g3 since',
    '    2026-07-10',
  ]);
});

test('no word is lost or cut, and no line is too long but for a word of its own', () => {
  const words = fc.array(fc.stringMatching(/^[a-z-]{1,30}$/), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 100 }), (all, columns) => {
      const lines = wrapped(all.join(' '), columns);
      expect(lines.join(' ').trim().split(/ +/)).toEqual(all);
      for (const line of lines) expect(line.length <= columns || !line.trim().includes(' ')).toBe(true);
    }),
  );
});
