// What an item's value looks like to a person.

const LONGEST_TEXT = 4000;

/** The bytes of a value. */
export function bytesOf(value) {
  return value.binary === undefined
    ? new TextEncoder().encode(value.text)
    : Uint8Array.from(atob(value.binary), letter => letter.charCodeAt(0));
}

/** How a value is shown: its kind, its text (cut where it is very long), and its size in bytes. */
export function shown(value) {
  const bytes = bytesOf(value);
  if (value.binary !== undefined) {
    const start = Array.from(bytes.slice(0, 64), byte => byte.toString(16).padStart(2, '0')).join(' ');
    return { kind: 'binary', text: bytes.length > 64 ? `${start} …` : start, size: bytes.length };
  }
  const { kind, text } = laidOut(value.text);
  return { kind, text: text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text, size: bytes.length };
}

/** A size in the unit in which it reads best. */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function laidOut(text) {
  if (!/^\s*[[{]/.test(text)) return { kind: 'text', text };
  try {
    return { kind: 'json', text: JSON.stringify(JSON.parse(text), null, 2) };
  } catch {
    return { kind: 'text', text };
  }
}
