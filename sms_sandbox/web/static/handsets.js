// The left pane: one row per number and account, the last to speak on top.

import { byId, fillAge, fillNumber, fresh, reconcile } from "./dom.js";
import { fillText, handsetOf } from "./format.js";
import { placeLink } from "./place.js";

const MOST = 200; // numbers on show

const keyOf = (message) => `${message.account} ${handsetOf(message)}`;

export class Handsets {
  #known = new Map();

  /** Starts again from a page of messages, newest first; marks of unread ones stay. */
  reset(messages) {
    const before = this.#known;
    this.#known = new Map();
    for (const message of [...messages].reverse()) this.#take(message);
    for (const [key, one] of this.#known) one.unread = before.get(key)?.unread ?? 0;
  }

  /** Takes a live message in; `seen` when its conversation is open before the reader. */
  add(message, seen) {
    const one = this.#take(message);
    one.unread = seen ? 0 : one.unread + 1;
    if (this.#known.size <= MOST) return;
    const oldest = [...this.#known].reduce((a, b) => (a[1].at <= b[1].at ? a : b));
    this.#known.delete(oldest[0]);
  }

  #take(message) {
    const key = keyOf(message);
    const one = this.#known.get(key) ?? { key, unread: 0, at: "" };
    if (message.created_at >= one.at) {
      Object.assign(one, {
        number: handsetOf(message), account: message.account, at: message.created_at, text: message.body,
      });
    }
    this.#known.set(key, one);
    return one;
  }

  /** Draws the numbers; the open conversation is marked and counts as read. */
  draw(place, engine) {
    const all = [...this.#known.values()].sort((a, b) => (a.at < b.at ? 1 : -1));
    const shown = place.account ? all.filter((one) => one.account === place.account) : all;
    const open = (one) => place.to === one.number && (!place.account || place.account === one.account);
    reconcile(byId("handsets"), shown.slice(0, MOST), {
      key: (one) => one.key,
      create: () => fresh("handset"),
      update: (node, one) => fillHandset(node, one, open(one), engine.noteOf(one.account, one.number)),
    });
    byId("no-handsets").hidden = shown.length > 0;
  }
}

function fillHandset(node, one, open, { nickname, state }) {
  if (open) one.unread = 0;
  const link = node.querySelector("a");
  link.setAttribute("href", placeLink({ to: one.number, account: one.account }));
  if (open) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  fillNumber(node, one.number);
  fillAge(node, one.at);
  fillText(node.querySelector(".last"), one.text);
  node.querySelector(".badge").textContent = one.account;
  node.querySelector(".name").hidden = !nickname;
  fillText(node.querySelector(".name"), nickname);
  node.querySelector(".unusual").hidden = !state;
  node.querySelector(".unusual .words").textContent = state;
  const unread = node.querySelector(".unread");
  unread.hidden = !one.unread;
  unread.textContent = `${one.unread} new`;
}
