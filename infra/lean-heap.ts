/** How far V8 lets the heap of this process grow. */
import { setFlagsFromString } from 'node:v8';

/** Percent of what is in use that garbage may take up before it is cleared away. */
const GARBAGE_PERCENT = 60;

/**
 * Keeps garbage small for the rest of the process: for work that runs long and uses little at a time.
 *
 * Where there is much memory, V8 lets the heap grow to four times of what is in use before it clears old garbage away, however
 * little that is. A sweep over calendars uses some 25 MB of heap and grew it to a hundred, for an hour, on a machine where the
 * engine and its plugins run as well. Clearing away earlier costs a few percent of computing time, while such work waits for
 * answers most of the time.
 *
 * `--heap-growing-percent` (V8's src/flags/flag-definitions.h) is read at each collection, so it takes effect at any time. A V8
 * that does not know it says so on standard error and goes on as before. `--max-old-space-size` would do the same as a side
 * effect, but ends the process where it is not enough.
 */
export function keepHeapLean(): void {
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
}
