/** Makes garbage that has grown old, with some 25 MB in use, as a sweep does; prints the most that the heap took, in megabytes. */
import { keepHeapLean } from '../../../infra/lean-heap.js';

if (process.argv.includes('lean')) keepHeapLean();

const inUse: number[][] = [];
let most = 0;
for (let round = 0; round < 200_000; round++) {
  inUse[round % 30_000] = Array.from({ length: 100 }, (_, index) => round + index);
  if (round % 1_000 === 0) most = Math.max(most, process.memoryUsage().heapTotal / 2 ** 20);
}
process.stdout.write(String(Math.round(most)));
