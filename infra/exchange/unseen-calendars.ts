/** How the provider and the commands speak of calendars that a refresh leaves out. */

/** Part of the provider's warning: what was found is then no answer about them. */
export const UNSEEN_CALENDARS = 'their calendars were not looked at';
