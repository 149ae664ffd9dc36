/** A question to the person at the terminal. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Asks until it is answered or `signal` is aborted. */
export type Ask = (question: string, signal: AbortSignal) => Promise<boolean>;

/** Asks on the terminal; anything but `y` or `yes` is a no, and so are Enter, Ctrl-C, Ctrl-D and the end of the command. */
export function askOn(input: Readable, output: Writable): Ask {
  return (question, signal) =>
    new Promise((resolve) => {
      const terminal = createInterface({ input, output });
      const close = () => terminal.close();
      let answer: string | undefined;
      // On Ctrl-C the library closes itself and leaves the question without an answer.
      terminal.once('SIGINT', close);
      terminal.once('close', () => {
        signal.removeEventListener('abort', close);
        // What comes next begins on a line of its own.
        if (answer === undefined) output.write('\n');
        resolve(/^y(es)?$/i.test(answer?.trim() ?? ''));
      });
      signal.addEventListener('abort', close, { once: true });
      terminal.question(`${question} [y/N] `, (text) => {
        answer = text;
        close();
      });
      if (signal.aborted) close();
    });
}
