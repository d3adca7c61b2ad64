// The lamps in the header and the stripe below it: whatever makes the sandbox unlike a plain one.

import { byId } from "./dom.js";
import { clock, span } from "./format.js";

const CLOCKS = 3; // so many are told one by one
const UNNOTICED = 1; // seconds by which a running clock may differ before it is told

export const isMoved = (one) => one.frozen || Math.abs(one.ahead) >= UNNOTICED;

const active = (faults) => faults.filter((rule) => rule.enabled).length;
const counted = (n) => `${n} ${n === 1 ? "rule" : "rules"} active`;

/** What a clock shows, in few words. */
export function dialText(one) {
  if (!one || !isMoved(one)) return "Real time";
  if (one.frozen) return `Frozen ${clock(one.now)}`;
  return `${one.ahead > 0 ? "+" : "−"}${span(Math.abs(one.ahead))}`;
}

function sentence(one) {
  const whose = one.account === null ? "The clock" : `The clock of ${one.account}`;
  if (one.frozen) return `${whose} stands still`;
  return `${whose} is ${span(Math.abs(one.ahead))} ${one.ahead > 0 ? "ahead of" : "behind"} real time`;
}

/** Draws lamps and stripe; `account` is the one that the page is about, or "". */
export function drawStripe(engine, account) {
  const rules = active(engine.faults);
  const dial = engine.clockOf(account);
  light("fault-open", rules > 0, rules ? counted(rules) : "No faults");
  light("clock-open", Boolean(dial && isMoved(dial)), dialText(dial));
  const told = rules ? [counted(rules).replace("rule", "fault rule")] : [];
  const moved = engine.clocks.filter(isMoved);
  told.push(...moved.slice(0, CLOCKS).map(sentence));
  if (moved.length > CLOCKS) told.push(`${moved.length - CLOCKS} more moved`);
  const text = told.join(" · ");
  const stripe = byId("stripe");
  stripe.hidden = !text;
  // The same words again would be read aloud again.
  const words = stripe.querySelector(".words");
  if (words.textContent !== text) words.textContent = text;
}

function light(id, on, text) {
  const lamp = byId(id);
  lamp.toggleAttribute("data-on", on);
  const label = lamp.querySelector(".label");
  if (label.textContent !== text) label.textContent = text;
}
