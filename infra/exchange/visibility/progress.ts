/** Progress in words: how far, how fast, how long still. Pure but for the time handed in. */
import { number } from './outcome.js';
import type { SweepProgress } from './sweep.js';

/** Seconds over which the rate is taken: long enough to be steady, short enough to follow. */
const WINDOW_MS = 30_000;

/** Follows one sweep and words its progress. */
export class ProgressText {
  readonly #marks: { readonly at: number; readonly done: number }[] = [];

  /** @param now milliseconds, growing */
  next({ done, total, listed, counts }: SweepProgress, now: number): string {
    this.#marks.push({ at: now, done });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) > WINDOW_MS) this.#marks.shift();
    const first = this.#marks[0] ?? { at: now, done };
    const seconds = (now - first.at) / 1000;
    const rate = seconds > 0 ? (done - first.done) / seconds : 0;
    const facts = [`${number(done)} of ${listed ? '' : 'at least '}${number(total)} mailboxes`];
    if (rate > 0) facts.push(`${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))} a second`);
    if (rate > 0 && listed && total > done) facts.push(`about ${durationText((total - done) / rate)} left`);
    if (counts.failed > 0) facts.push(`${number(counts.failed)} failed`);
    return facts.join(', ');
  }
}

/** `2 h 5 min`, `3 min`, `20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
