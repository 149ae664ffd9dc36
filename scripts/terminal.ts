/**
 * What a person or a pipeline sees: plain lines, a live status line on a terminal, or one JSON object.
 */
import { Writable } from 'node:stream';
import pc from 'picocolors';
import { describeProblem, InteropError } from '../infra/errors.js';
import { statusLine } from './status-line.js';
import { wrapped } from './wrap.js';

export interface TerminalOptions {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** With JSON, standard output carries one object and nothing else; progress goes to standard error. */
  readonly json: boolean;
  /** As NO_COLOR and FORCE_COLOR say, and whether the stream is a terminal. */
  readonly color: boolean;
}

/** Colours by meaning, so that no command chooses its own. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad';

/** Writes for one command. Nothing that is secret may be handed to it. */
export class Terminal {
  readonly json: boolean;
  readonly #out: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly #err: Writable;
  readonly #stdout: Writable;
  readonly #paint: ReturnType<typeof pc.createColors>;
  #status = '';

  constructor(options: TerminalOptions) {
    this.json = options.json;
    this.#out = options.json ? options.stderr : options.stdout;
    this.#err = options.stderr;
    this.#stdout = options.stdout;
    this.#paint = pc.createColors(options.color);
  }

  /** Characters in a line; 80 where nobody knows, as on a terminal that says 0. */
  get columns(): number {
    return this.#out.columns || 80;
  }

  /** One line of progress or result. */
  line(text = '', tone: Tone = 'plain'): void {
    this.#clearStatus();
    this.#out.write(`${this.paint(text, tone)}\n`);
  }

  /** Text for people: on a terminal broken between words, elsewhere one line, which is easier to search. */
  prose(text: string, tone: Tone = 'plain'): void {
    const lines = this.#out.isTTY === true ? wrapped(text, this.columns) : [text];
    for (const line of lines) this.line(line, tone);
  }

  /** A heading with an empty line before it. */
  heading(text: string): void {
    this.line();
    this.line(text, 'strong');
  }

  /** Pairs in two columns. */
  pairs(rows: readonly (readonly [string, string])[], indent = '  '): void {
    const width = Math.max(0, ...rows.map(([label]) => label.length));
    for (const [label, value] of rows)
      this.line(`${indent}${this.paint(label.padEnd(width), 'dim')}  ${value}`);
  }

  /**
   * A line that is replaced by whatever comes next; only on a terminal, nothing elsewhere.
   *
   * @param forms the same with less and less words: the first that fits is shown
   */
  status(...forms: readonly string[]): void {
    if (this.#out.isTTY !== true) return;
    this.#clearStatus();
    this.#status = statusLine(forms, this.columns);
    this.#out.write(this.paint(this.#status, 'dim'));
  }

  /** A warning, on standard error. */
  warn(text: string): void {
    this.#clearStatus();
    this.#err.write(`${this.paint('warning', 'warn')}: ${text}\n`);
  }

  /** The one JSON object of a command that was called with `--json`. */
  result(value: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** An error on standard error and, with JSON, as an object on standard output. */
  failure(error: InteropError): void {
    this.#clearStatus();
    this.#err.write(`${this.paint('error', 'bad')}: ${this.paint(error.summary, 'strong')}\n`);
    for (const problem of error.problems) this.#err.write(`  ${describeProblem(problem)}\n`);
    for (const step of error.next) this.#err.write(`  ${this.paint('next:', 'good')} ${step}\n`);
    const { kind, summary, problems, next, exitCode } = error;
    this.result({ error: { kind, summary, problems, next }, exitCode });
  }

  /** This terminal for a part of a larger report: its lines are left out, what passes by and warnings are shown. */
  forPart(): Terminal {
    return new PartTerminal(this);
  }

  paint(text: string, tone: Tone): string {
    switch (tone) {
      case 'plain':
        return text;
      case 'strong':
        return this.#paint.bold(text);
      case 'dim':
        return this.#paint.dim(text);
      case 'good':
        return this.#paint.green(text);
      case 'warn':
        return this.#paint.yellow(text);
      case 'bad':
        return this.#paint.red(text);
    }
  }

  #clearStatus(): void {
    if (this.#status === '') return;
    this.#out.write('\r\u001b[2K');
    this.#status = '';
  }
}

/** See {@link Terminal.forPart}. */
class PartTerminal extends Terminal {
  readonly #whole: Terminal;

  constructor(whole: Terminal) {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    super({ stdout: nowhere, stderr: nowhere, json: false, color: false });
    this.#whole = whole;
  }

  override status(...forms: readonly string[]): void {
    this.#whole.status(...forms);
  }

  override warn(text: string): void {
    this.#whole.warn(text);
  }
}

/** Turns whatever was thrown into an error that people can act on; an unexpected one keeps only its message. */
export function asInteropError(error: unknown): InteropError {
  if (error instanceof InteropError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new InteropError({ kind: 'cancelled', summary: 'cancelled', cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new InteropError({ kind: 'failure', summary: message, cause: error });
}
