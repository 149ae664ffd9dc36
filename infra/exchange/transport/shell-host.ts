/**
 * A process of its own in which node-powershell runs the shells.
 *
 * The library prints each command when DEBUG says so, and to standard output, which our own process needs for other things. Here
 * neither matters: this process has a clean environment, and its standard output goes nowhere. It ends, with all shells, when the
 * process that started it is gone.
 */
import { PowerShell } from 'node-powershell';

/** What the host is told. */
export type HostRequest =
  | {
      readonly kind: 'open';
      readonly shell: number;
      readonly options: Readonly<Record<string, string | boolean>>;
    }
  | { readonly kind: 'line'; readonly shell: number; readonly line: string }
  | { readonly kind: 'kill'; readonly shell: number };

/** What it tells: the output of a line, or that the shell is gone. */
export type HostReply =
  | { readonly kind: 'output'; readonly shell: number; readonly output: string }
  | { readonly kind: 'gone'; readonly shell: number; readonly trouble: string };

const shells = new Map<number, PowerShell>();

process.on('message', (request: HostRequest) => {
  if (request.kind === 'open') open(request.shell, request.options);
  if (request.kind === 'line') void run(request.shell, request.line);
  if (request.kind === 'kill') kill(request.shell);
});
process.on('disconnect', () => {
  for (const shell of shells.keys()) kill(shell);
  process.exit(0);
});
// The library leaves the promise of a shell's end to itself: a shell that dies between two lines must not end the others.
process.on('unhandledRejection', () => {});

function open(id: number, executableOptions: Readonly<Record<string, string | boolean>>): void {
  const shell = new PowerShell({
    pwsh: true,
    executableOptions: { ...executableOptions },
    throwOnInvocationError: false,
    spawnOptions: { windowsHide: true },
  });
  shells.set(id, shell);
  // A line written to a shell that has just died fails by the line's own promise.
  shell.streams.stdin.on('error', () => {});
}

async function run(id: number, line: string): Promise<void> {
  const shell = shells.get(id);
  if (shell === undefined) return tell({ kind: 'gone', shell: id, trouble: 'it was ended' });
  try {
    const { stdout } = await shell.invoke(line);
    if (stdout === undefined) throw new Error('it ended');
    tell({ kind: 'output', shell: id, output: stdout.toString('utf8') });
  } catch (error) {
    shells.delete(id);
    tell({ kind: 'gone', shell: id, trouble: error instanceof Error ? error.message : String(error) });
  } finally {
    // Lines hold tokens and grow without bound otherwise.
    shell.history.length = 0;
  }
}

function kill(id: number): void {
  const shell = shells.get(id);
  shells.delete(id);
  shell?.dispose('SIGKILL').catch(() => {});
}

function tell(reply: HostReply): void {
  if (process.connected) process.send?.(reply);
}
