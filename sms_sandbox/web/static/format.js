// Values as people read them. Every text goes into the page through textContent.

export const STATUS = {
  scheduled: { label: "Scheduled", icon: "queued", tone: "wait" },
  accepted: { label: "Accepted", icon: "queued", tone: "wait" },
  queued: { label: "Queued", icon: "queued", tone: "wait" },
  sent: { label: "Sent", icon: "sent", tone: "wait" },
  delivered: { label: "Delivered", icon: "delivered", tone: "good" },
  undelivered: { label: "Undelivered", icon: "failed", tone: "bad" },
  failed: { label: "Failed", icon: "failed", tone: "bad" },
  canceled: { label: "Canceled", icon: "failed", tone: "wait" },
  received: { label: "Received", icon: "received", tone: "good" },
};

// Control characters, and those that reorder what stands around them: drawn, never obeyed.
const UNSAFE = /[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]/g;
const REORDERING = {
  "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
  "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
};

let regions = {};

/** Loads the table that the server uses too: calling prefix to country. */
export async function loadRegions() {
  try {
    const answer = await fetch(new URL("regions.json", import.meta.url));
    regions = answer.ok ? await answer.json() : {};
  } catch {
    regions = {}; // numbers stand without their country, and everything else works
  }
}

/** {region, groups} of a number; the groups join to the number itself. */
export function numberView(number) {
  if (!/^\+[0-9]{5,18}$/.test(number)) return { region: "", groups: [number] };
  let prefix = "";
  for (let n = 7; n > 1 && !prefix; n -= 1) {
    if (number.slice(1, n) in regions) prefix = number.slice(1, n);
  }
  if (!prefix) return { region: "", groups: [number] };
  let calling = prefix;
  for (let n = prefix.length; n > 0; n -= 1) {
    if (prefix.slice(0, n) in regions) calling = prefix.slice(0, n);
  }
  return { region: regions[prefix], groups: [`+${calling}`, ...grouped(number.slice(1 + calling.length))] };
}

function grouped(digits) {
  const count = Math.ceil(digits.length / 4);
  const size = Math.floor(digits.length / count);
  const longer = digits.length % count; // so many of the last groups hold one more
  const groups = [];
  for (let at = 0, i = 0; i < count; i += 1) {
    const length = size + (i >= count - longer ? 1 : 0);
    groups.push(digits.slice(at, at + length));
    at += length;
  }
  return groups;
}

/** A code in halves of equal length, or whole if it is short or odd. */
export function codeGroups(code) {
  const half = code.length / 2;
  return code.length < 6 || code.length % 2 ? [code] : [code.slice(0, half), code.slice(half)];
}

/** Digit by digit, for the ear. */
export const spelled = (code) => [...code].join(" ");

/** Fills an element with text that cannot act: marks stand where control characters were. */
export function fillText(element, text) {
  const nodes = [];
  let start = 0;
  for (const found of text.matchAll(UNSAFE)) {
    nodes.push(text.slice(start, found.index), mark(found[0]));
    start = found.index + found[0].length;
  }
  nodes.push(text.slice(start));
  element.replaceChildren(...nodes);
}

function mark(character) {
  const point = `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const span = document.createElement("span");
  span.className = "mark";
  span.title = point;
  span.textContent = REORDERING[character] ?? point;
  return span;
}

/** Groups as spans: the gap is drawn, so a copy of the text holds no blanks. */
export function fillGroups(element, groups) {
  element.replaceChildren(...groups.map((group) => {
    const span = document.createElement("span");
    fillText(span, group);
    return span;
  }));
}

/** JSON in which no character can reorder the lines around it. */
export function safeJson(value) {
  const hidden = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\x7f]/g;
  return JSON.stringify(value, null, 2)
    .replace(hidden, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A word for a shell, in single quotes. */
export const shellQuote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

export const clock = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const day = (iso) => new Date(iso).toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** How long ago, in the shortest honest form. */
export function ago(iso, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return new Date(iso).toLocaleDateString([], { day: "numeric", month: "short" });
}

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** A length of time in seconds, in its largest unit: 90 s are 1.5 min. */
export function span(seconds) {
  const [length, unit] = UNITS.find(([size]) => Math.round((seconds / size) * 100) >= 100) ?? UNITS.at(-1);
  return `${(seconds / length).toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}`;
}

/** Milliseconds between two moments, as +210 ms or +1.4 s. */
export function elapsed(from, to) {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  return ms < 1000 ? `+${Math.round(ms)} ms` : `+${(ms / 1000).toFixed(1)} s`;
}

/** The handset's number: who got an outbound message, who wrote an inbound one. */
export const handsetOf = (message) => (message.direction === "inbound" ? message.from : message.to);

/** The other side: the app's sender name or number. */
export const senderOf = (message) => (message.direction === "inbound" ? message.to : message.from);

/** Who sent it: a native send has no vendor, so its account says it all. */
export const badgeOf = (message) => (message.provider === "sandbox"
  ? message.account : `${message.provider} · ${message.account}`);

export const partsOf = (message) => `${message.encoding} · ${message.segments} ${message.segments === 1 ? "part" : "parts"}`;
