import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { FolderIdFile } from '../../infra/exchange/visibility/folder-ids.js';
import { GuidTable } from '../../infra/exchange/visibility/guids.js';
import { temporaryFolder } from './support/temporary-files.js';
import { guidOf } from './support/tenant.js';

const freshPath = () => join(temporaryFolder(), 'cache', 'folder-ids');

function filled(path: string, count: number, id = (n: number) => `folder-${n}`): void {
  const file = FolderIdFile.open(path, new GuidTable());
  for (let n = 0; n < count; n++) file.set(guidOf(n), id(n));
  file.close();
}

function known(path: string, count: number): (string | undefined)[] {
  const file = FolderIdFile.open(path, new GuidTable());
  const ids = Array.from({ length: count }, (_, n) => file.get(guidOf(n)));
  file.close();
  return ids;
}

describe('the file of folder ids', () => {
  it('knows what was set, at once and after it was opened again', () => {
    const path = freshPath();
    const file = FolderIdFile.open(path, new GuidTable());
    file.set(guidOf(1), 'LgAAAA+/=日');
    expect(file.get(guidOf(1))).toBe('LgAAAA+/=日');
    file.set(guidOf(1), 'another');
    expect(file.get(guidOf(1))).toBe('another');
    expect(file.get(guidOf(2))).toBeUndefined();
    file.close();
    expect(known(path, 3)).toEqual([undefined, 'another', undefined]);
  });

  it('holds more than it keeps in one piece', () => {
    const path = freshPath();
    filled(path, 30_000, (n) => `${n}-`.repeat(12));
    const file = FolderIdFile.open(path, new GuidTable());
    expect(file.size).toBe(30_000);
    expect(file.get(guidOf(0))).toBe('0-'.repeat(12));
    expect(file.get(guidOf(29_999))).toBe('29999-'.repeat(12));
    file.close();
  });

  it('never answers with an id that was not set, however the file was damaged', () => {
    const path = freshPath();
    filled(path, 20);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        writeFileSync(path, damaged);
        for (const [n, id] of known(path, 20).entries()) expect([undefined, `folder-${n}`]).toContain(id);
      }),
    );
  });

  it('keeps all before a torn end, and can be added to afterwards', () => {
    const path = freshPath();
    filled(path, 10);
    truncateSync(path, statSync(path).size - 3);
    expect(known(path, 10)).toEqual([...Array.from({ length: 9 }, (_, n) => `folder-${n}`), undefined]);
    const file = FolderIdFile.open(path, new GuidTable());
    file.set(guidOf(9), 'again');
    file.close();
    expect(known(path, 10)[9]).toBe('again');
  });

  it('starts anew from a file of something else', () => {
    const path = freshPath();
    filled(path, 1);
    writeFileSync(path, 'x'.repeat(5000));
    expect(known(path, 1)).toEqual([undefined]);
    appendFileSync(path, '');
    filled(path, 1);
    expect(known(path, 1)).toEqual(['folder-0']);
  });

  it('does not grow for ever when ids change', () => {
    const path = freshPath();
    filled(path, 100);
    const once = statSync(path).size;
    for (let round = 0; round < 20; round++) filled(path, 100);
    expect(statSync(path).size).toBeLessThan(once * 5);
    expect(known(path, 100)[99]).toBe('folder-99');
  });

  it('serves two writers at once', () => {
    const path = freshPath();
    const [one, other] = [FolderIdFile.open(path, new GuidTable()), FolderIdFile.open(path, new GuidTable())];
    for (let n = 0; n < 50; n += 2) {
      one.set(guidOf(n), `folder-${n}`);
      other.set(guidOf(n + 1), `folder-${n + 1}`);
      if (n % 10 === 0) {
        one.flush();
        other.flush();
      }
    }
    one.close();
    other.close();
    expect(known(path, 50)).toEqual(Array.from({ length: 50 }, (_, n) => `folder-${n}`));
  });
});
