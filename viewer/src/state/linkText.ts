/** Texts in links. */

/** Escapes the link's own separators as well, which `encodeURIComponent` leaves. */
export const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll('~', '%7E').replaceAll('!', '%21');
