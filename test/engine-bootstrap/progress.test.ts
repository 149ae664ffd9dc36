import { compileProgress } from '../../scripts/engine/go-module.js';
import { progressLines } from '../../scripts/engine/progress.js';

const CLI = 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi';

describe('progress of a build', () => {
  const packages = new Set(['fmt', 'example.com/a', 'example.com/b', CLI]);

  test('counts each package once, and nothing but packages', () => {
    const progress = compileProgress(packages);
    const lines = ['fmt', 'go: finding module', 'fmt', 'example.com/a\r', 'example.com/other', ''];
    expect(lines.map((line) => progress.line(line)?.fraction)).toEqual([
      0.25,
      undefined,
      undefined,
      0.5,
      undefined,
      undefined,
    ]);
  });

  test('says that it links when the program itself is reached', () => {
    expect(compileProgress(packages).line(CLI)?.message).toMatch(/linking$/);
  });
});

test('lines of progress are not shown more often than asked for', () => {
  const written: string[] = [];
  let time = 1_000;
  const show = progressLines({ write: (text) => written.push(text) }, 3_000, () => time);
  show({ phase: 'compile', message: 'first', fraction: 0.129 });
  time += 2_999;
  show({ phase: 'compile', message: 'too soon' });
  time += 1;
  show({ phase: 'compile', message: 'second' });
  expect(written).toEqual(['first (12 %)\n', 'second\n']);
});
