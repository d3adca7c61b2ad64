// New messages for the ear: at most one sentence every few seconds, whatever the rate.

import { byId } from "./dom.js";
import { handsetOf, spelled } from "./format.js";

const REST = 3000; // milliseconds between two sentences
const LINES = 5;

let waiting = [];
let resting = 0;

/** Tells of messages that have just arrived. */
export function announce(messages) {
  waiting.push(...messages);
  if (!resting) speak();
}

function speak() {
  resting = 0;
  if (!waiting.length) return;
  const line = document.createElement("p");
  line.textContent = waiting.length === 1 ? sentence(waiting[0]) : `${waiting.length} new messages`;
  waiting = [];
  const log = byId("announcements");
  log.append(line);
  while (log.childElementCount > LINES) log.firstElementChild.remove();
  resting = setTimeout(speak, REST);
}

function sentence(message) {
  const way = message.direction === "inbound" ? "Reply from" : "Message to";
  const code = message.code ? `, code ${spelled(message.code)}` : "";
  return `${way} ${handsetOf(message)}${code}`;
}
