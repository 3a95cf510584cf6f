// Tokens that the console gives a page: for one cache and a quarter of an hour, as long as the log-in holds.

import { Refused } from './events.js';

/** Whether what `pageToken` returned holds for long enough to be used. */
export function lasts(made) {
  return made.expires_at - 30 > Date.now() / 1000;
}

/** Return `{token, publisher_id, expires_at}` with the rights of a role; of the person's own where it is empty. */
export async function pageToken(cache, role) {
  const response = await fetch('/console/page-token', { method: 'POST', body: new URLSearchParams({ cache, role }) });
  if (response.ok) return response.json();
  if (response.status === 401) throw new Refused('Your log-in has ended. Load the page again to log in.');
  const { message } = await response.json();
  throw response.status >= 500 || response.status === 429 ? new Error(message) : new Refused(message);
}
