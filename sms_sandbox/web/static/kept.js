// How much is kept, how much there is, and how much has gone: below the numbers.

import { byId } from "./dom.js";
import { span } from "./format.js";

const SIZES = ["bytes", "kB", "MB", "GB", "TB"];

/** A number of bytes with three digits or fewer before its unit: 2.1 GB. */
function size(bytes) {
  const at = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** at;
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 100 && at ? 1 : 0 })} ${SIZES[at]}`;
}

/** Shows what `/healthz` tells of retention. */
export function showKept({ retention: { messages, seconds, bytes: most }, bytes, pruned }) {
  const age = seconds === null ? "of any age" : `not older than ${span(seconds)}`;
  const gone = pruned ? ` Gone since the start: ${pruned.toLocaleString()}.` : "";
  byId("kept").textContent = `Kept: the newest ${messages.toLocaleString()} messages, up to ${size(most)}, ${age}. Now: ${size(bytes)}.${gone}`;
}
