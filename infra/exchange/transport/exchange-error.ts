/** Exchange's own errors, told apart by their class: the status of the answer does not classify them. */

/** What is known of a refusal. */
export interface ExchangeErrorReport {
  readonly cmdlet: string;
  /** Class without its namespace, such as `ManagementObjectNotFoundException`; empty where the answer had none. */
  readonly className: string;
  /** PowerShell's error category, such as `ObjectNotFound`, where the answer had one. */
  readonly category?: string | undefined;
  /** Exchange's words, as they came. */
  readonly text: string;
  /** HTTP status over REST. */
  readonly status?: number | undefined;
  /** Whether the same call may succeed later: throttling, time-outs, server faults. */
  readonly transient: boolean;
  /** Whether the answer was lost after sending: the cmdlet may have taken effect. Absent: it did not. */
  readonly outcomeUnknown?: boolean | undefined;
  /** Id by which Microsoft finds the request. */
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** A cmdlet that Exchange refused. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly cmdlet: string;
  readonly className: string;
  readonly category: string | undefined;
  readonly text: string;
  readonly status: number | undefined;
  readonly transient: boolean;
  readonly outcomeUnknown: boolean;
  readonly requestId: string | undefined;

  constructor(report: ExchangeErrorReport) {
    super(
      `${report.cmdlet}: ${report.text}`,
      report.cause === undefined ? undefined : { cause: report.cause },
    );
    this.cmdlet = report.cmdlet;
    this.className = report.className;
    this.category = report.category;
    this.text = report.text;
    this.status = report.status;
    this.transient = report.transient;
    this.outcomeUnknown = report.outcomeUnknown ?? false;
    this.requestId = report.requestId;
  }
}

/** An error message of Exchange, `<string id>|<.NET class>|<text>`, taken apart; each of the first two may be empty. */
export interface TaggedMessage {
  readonly stringId: string;
  /** The whole name, with namespace. */
  readonly className: string;
  readonly text: string;
}

/** Takes a message apart; one without the two bars is all text. The text itself may hold bars. */
export function parseTaggedMessage(message: string): TaggedMessage {
  const first = message.indexOf('|');
  const second = message.indexOf('|', first + 1);
  if (first < 0 || second < 0) return { stringId: '', className: '', text: message };
  const [stringId, className] = [message.slice(0, first), message.slice(first + 1, second)];
  if (!/^\w*$/.test(stringId) || !/^[\w.+`]*$/.test(className)) {
    return { stringId: '', className: '', text: message };
  }
  return { stringId, className, text: message.slice(second + 1) };
}

/** The class without its namespace. */
export function shortClass(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1);
}
