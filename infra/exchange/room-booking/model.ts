/**
 * Rooms as data: what is wished, found, to do, done.
 *
 * Google's users may book a room whose calendar accepts by itself, and from outside, too (support.google.com/a/answer/9193836; that
 * ProcessExternalMeetingMessages is what Google needs is UNCONFIRMED).
 */
import { z } from 'zod';

/** Get-CalendarProcessing, AutomateProcessing (MicrosoftDocs/office-docs-powershell). */
export const AUTOMATION = ['None', 'AutoUpdate', 'AutoAccept'] as const;
export type Automation = (typeof AUTOMATION)[number];

/** Whose rooms. */
export interface RoomBookingWish {
  /** Primary addresses; absent: all room mailboxes of the tenant. */
  readonly rooms?: readonly string[] | undefined;
}

/** What is looked at in a room. */
export interface RoomSettings {
  /** Text, since Exchange may know more words than can be set. */
  readonly automation: string;
  readonly external: boolean;
}

export interface FoundRoom extends RoomSettings {
  /** GUID of the mailbox, in lower case. */
  readonly guid: string;
  readonly address: string;
}

/** A room that could not be looked at or changed. */
export interface RoomFailure {
  readonly address: string;
  readonly reason: string;
}

export interface FoundRooms {
  readonly rooms: readonly FoundRoom[];
  readonly failures: readonly RoomFailure[];
}

export interface RoomBookingPlan {
  /** Rooms that differ; no others are written. */
  readonly rooms: readonly FoundRoom[];
  /** One line per room, for preview. */
  readonly changes: readonly string[];
  readonly notes: readonly string[];
}

/** What booking from Google needs. */
export const WANTED = { automation: 'AutoAccept', external: true } as const;

/** What is kept with the stack's state: what every room that was changed had before, by its GUID. */
export const roomBookingOutcomeSchema = z.object({
  former: z.record(
    z.string(),
    z.object({ address: z.string(), automation: z.string(), external: z.boolean() }),
  ),
  failures: z.array(z.object({ address: z.string(), reason: z.string() })),
});
export type RoomBookingOutcome = z.output<typeof roomBookingOutcomeSchema>;

export function isWanted({ automation, external }: RoomSettings): boolean {
  return automation === WANTED.automation && external === WANTED.external;
}

/** Order of what people read. */
export function byAddress(one: { readonly address: string }, other: { readonly address: string }): number {
  return one.address < other.address ? -1 : one.address > other.address ? 1 : 0;
}
