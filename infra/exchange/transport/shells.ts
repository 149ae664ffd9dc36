/** Shells in the host process, and one line at a time in each. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { orAborted } from '../../abort.js';
import type { Clock } from './clock.js';
import type { HostReply, HostRequest } from './shell-host.js';
import { preludeLine, readFrame, requestLine, type ShellRequest } from './shell-script.js';

/** A shell that ended, or did not answer, in the middle of a request. */
export class ShellLost extends Error {
  override readonly name = 'ShellLost';
}

/** One shell, with our functions in it. */
export interface Shell {
  /** Requests that it has had. */
  readonly uses: number;
  /**
   * Sends one request and gives what came back for it.
   *
   * @throws ShellLost when no answer came; then the shell is gone. The signal's reason when it is aborted, likewise.
   */
  ask(request: Omit<ShellRequest, 'marker'>, signal?: AbortSignal): Promise<unknown>;
  end(): void;
}

export interface ShellsOptions {
  /** The whole environment of host and shells. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Milliseconds for one line. */
  readonly timeoutMs: number;
}

/** Options of the program itself; only Windows has a policy that keeps modules from loading. */
const SHELL_OPTIONS = {
  '-NoProfile': true,
  '-NonInteractive': true,
  ...(process.platform === 'win32' ? { '-ExecutionPolicy': 'RemoteSigned' } : {}),
};

interface Waiting {
  readonly output: (text: string) => void;
  readonly gone: (trouble: string) => void;
}

/** All shells of one port; their host is started with the first. */
export class Shells {
  readonly #options: ShellsOptions;
  readonly #waiting = new Map<number, Waiting>();
  #host: ChildProcess | undefined;
  #count = 0;
  /** Lines sent so far. */
  lines = 0;

  constructor(options: ShellsOptions) {
    this.#options = options;
  }

  /** @throws ShellLost when the program cannot be started. */
  async open(signal?: AbortSignal): Promise<Shell> {
    const id = this.#count;
    this.#count += 1;
    this.#host ??= this.#startHost();
    this.#tell({ kind: 'open', shell: id, options: SHELL_OPTIONS });
    await this.#line(id, preludeLine(), signal);
    let uses = 0;
    const shell = {
      get uses() {
        return uses;
      },
      ask: async (request: Omit<ShellRequest, 'marker'>, asking?: AbortSignal) => {
        uses += 1;
        this.lines += 1;
        const marker = randomBytes(16).toString('hex');
        const output = await this.#line(id, requestLine({ ...request, marker }), asking);
        const answer = readFrame(output, marker);
        if (answer !== undefined) return answer;
        shell.end();
        throw new ShellLost('a line was answered with something else than its result');
      },
      end: () => this.#tell({ kind: 'kill', shell: id }),
    };
    return shell;
  }

  close(): void {
    if (this.#host?.connected === true) this.#host.disconnect();
    this.#host = undefined;
  }

  async #line(id: number, line: string, signal: AbortSignal | undefined): Promise<string> {
    const { clock, timeoutMs } = this.#options;
    let cancelTimer = () => {};
    try {
      return await orAborted((stopped) => {
        stopped(() => this.#tell({ kind: 'kill', shell: id }));
        return new Promise<string>((resolve, reject) => {
          const fail = (trouble: string) => reject(new ShellLost(trouble));
          cancelTimer = clock.after(timeoutMs, () => {
            this.#tell({ kind: 'kill', shell: id });
            fail(`no answer within ${timeoutMs / 1000} s`);
          });
          this.#waiting.set(id, { output: resolve, gone: fail });
          if (!this.#tell({ kind: 'line', shell: id, line })) fail('the process that holds the shells ended');
        });
      }, signal);
    } finally {
      cancelTimer();
      this.#waiting.delete(id);
    }
  }

  /** Whether the host could be told. */
  #tell(request: HostRequest): boolean {
    if (this.#host?.connected !== true) return false;
    this.#host.send(request);
    return true;
  }

  #startHost(): ChildProcess {
    const host = forkHost(this.#options.environment);
    host.on('message', (reply: HostReply) => {
      const waiting = this.#waiting.get(reply.shell);
      if (reply.kind === 'output') waiting?.output(reply.output);
      else waiting?.gone(reply.trouble);
    });
    const ended = () => {
      if (this.#host === host) this.#host = undefined;
      for (const waiting of this.#waiting.values()) waiting.gone('the process that holds the shells ended');
    };
    host.on('error', ended);
    host.on('exit', ended);
    // Shells must not keep a program alive that is done; whoever waits for a line has timers of its own.
    host.unref();
    host.channel?.unref();
    return host;
  }
}

/** From the sources (tests, `--import tsx`) the host is TypeScript; from dist/ it is not. */
function forkHost(environment: Readonly<Record<string, string>>): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts');
  const file = fileURLToPath(new URL(isSource ? './shell-host.ts' : './shell-host.js', import.meta.url));
  return fork(file, [], {
    cwd: dirname(file),
    env: { ...environment },
    execArgv: isSource ? ['--import', 'tsx'] : [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}
