/** Progress in words: how far, how fast, how long still. Pure but for the time handed in. */
import { number } from './outcome.js';
import type { SweepProgress } from './sweep.js';

/** Seconds over which the rate is taken: long enough to be steady, short enough to follow. */
const WINDOW_MS = 30_000;

/** In sentences, in figures, and shorter still. */
export type ProgressForms = readonly [long: string, short: string, ...shorter: string[]];

/** Follows one sweep and words its progress. */
export class ProgressText {
  readonly #marks: { readonly at: number; readonly done: number }[] = [];

  /**
   * The progress in several forms, none longer than the one before, for lines of different lengths: sentences, figures, and what a
   * person waits for.
   *
   * @param now milliseconds, growing
   */
  next(progress: SweepProgress, now: number): ProgressForms {
    const { done, total, listed, counts } = progress;
    const rate = this.#rate(done, now);
    const left = rate > 0 && listed && total > done ? durationText((total - done) / rate) : undefined;
    const per = rate < 10 ? rate.toFixed(1) : number(Math.round(rate));
    const ending = left === undefined ? [] : [`${left} left`];
    const speed = rate > 0 ? [`${per}/s`] : [];
    const failed = counts.failed > 0 ? [`${number(counts.failed)} failed`] : [];
    const long = [
      `${number(done)} of ${listed ? '' : 'at least '}${number(total)} mailboxes`,
      ...(rate > 0 ? [`${per} a second`] : []),
      ...ending.map((text) => `about ${text}`),
      ...failed,
    ];
    const amount = `${number(done)}/${number(total)}${listed ? '' : '+'}`;
    const short = [amount, ...speed, ...ending, ...failed];
    const share = listed && total > 0 ? `${Math.floor((100 * done) / total)} %` : number(done);
    const least = share.length < amount.length ? share : amount;
    return [long.join(', '), short.join(', '), [least, ...speed, ...ending].join(', '), ending[0] ?? least];
  }

  #rate(done: number, now: number): number {
    this.#marks.push({ at: now, done });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) > WINDOW_MS) this.#marks.shift();
    const first = this.#marks[0] ?? { at: now, done };
    const seconds = (now - first.at) / 1000;
    return seconds > 0 ? (done - first.done) / seconds : 0;
  }
}

/** `2 h 5 min`, `3 min`, `20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
