// The middle pane: the live list, newest first, or one number's conversation, newest last.

import { byId, fillAge, fillBody, fillCode, fillNote, fillNumber, fillState, fresh, reconcile } from "./dom.js";
import { badgeOf, clock, day, fillText, handsetOf, partsOf, senderOf } from "./format.js";
import { placeLink } from "./place.js";

const NEAR = 24; // pixels from the newest end that still count as being there

export class MessageList {
  #feed;
  #picked;
  #notes;
  #place = null;
  #pinned = true; // whether the reader is at the newest end, and stays there
  #at = 0; // where it was scrolled to when that was told
  #held = null; // id of the newest message on show while the reader is somewhere else
  #scroll = byId("scroll");
  #list = byId("list");
  #drawn = new WeakMap();

  /** `notes` are what is said beside a message: for each kind who knows its words. */
  constructor(feed, picked, notes) {
    this.#feed = feed;
    this.#notes = notes;
    this.#picked = picked;
    this.#scroll.addEventListener("scroll", () => this.#followScroll(), { passive: true });
    new ResizeObserver(() => this.#pinned && this.#toEnd()).observe(this.#scroll);
    byId("fresh").addEventListener("click", () => this.toNewest());
  }

  get isConversation() {
    return Boolean(this.#place?.to);
  }

  get atNewest() {
    return this.#pinned;
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    return this.isConversation ? scrollHeight - clientHeight - scrollTop < NEAR : scrollTop < NEAR;
  }

  /** Shows another place from its newest end. */
  enter(place) {
    const moved = this.#place && (this.#place.to !== place.to || this.#place.only !== place.only
      || this.#place.account !== place.account || this.#place.q !== place.q);
    this.#place = place;
    this.#list.dataset.kind = this.isConversation ? "conversation" : "list";
    if (!moved) return;
    this.#held = null;
    this.#pinned = true;
    this.#list.replaceChildren();
    this.#at = this.#scroll.scrollTop;
  }

  #toEnd() {
    this.#scroll.scrollTop = this.isConversation ? this.#scroll.scrollHeight : 0;
    this.#at = this.#scroll.scrollTop;
  }

  toNewest() {
    this.#held = null;
    this.#pinned = true;
    this.#at = this.#scroll.scrollTop;
    this.draw();
    this.rows()[0]?.querySelector(".open").focus({ preventScroll: true });
  }

  /** Rows on show, newest first. */
  rows() {
    const rows = [...this.#list.querySelectorAll("[data-key]:not(.day)")];
    return this.isConversation ? rows.reverse() : rows;
  }

  row(id) {
    return this.#list.querySelector(`[data-key="${CSS.escape(id)}"]`);
  }

  /** Draws what the feed holds, without moving what the reader looks at. */
  draw() {
    this.#look();
    const anchor = this.#pinned ? null : this.#anchor();
    const messages = this.#onShow();
    if (this.isConversation) this.#drawBubbles(messages);
    else this.#drawRows(messages);
    if (anchor) this.#scroll.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
    else if (this.#pinned) this.#toEnd();
  }

  // New rows wait above a reader who has scrolled away; a conversation grows at its far end,
  // where they disturb nobody.
  #onShow() {
    const { messages, byId: known } = this.#feed;
    const newest = this.rows().map((row) => row.dataset.key).find((id) => known.has(id));
    if (this.#pinned || !newest) this.#held = null;
    else if (!this.#held || !known.has(this.#held)) this.#held = newest;
    const waiting = this.#held ? messages.findIndex((m) => m.id === this.#held) : 0;
    this.#announceWaiting(waiting);
    return this.isConversation ? messages : messages.slice(Math.max(0, waiting));
  }

  #announceWaiting(count) {
    const pill = byId("fresh");
    pill.hidden = count < 1;
    pill.textContent = `${count} new`;
  }

  // The event of a scroll comes with the next frame: who has just left the end must not be taken back.
  #look() {
    if (!this.#scroll.clientHeight || this.#scroll.scrollTop === this.#at) return;
    this.#pinned = this.#isAtEnd();
    this.#at = this.#scroll.scrollTop;
  }

  #followScroll() {
    this.#pinned = this.#isAtEnd();
    this.#at = this.#scroll.scrollTop;
    if (this.#pinned && this.#held) {
      this.#held = null;
      this.draw();
    }
  }

  #anchor() {
    const edge = this.#scroll.getBoundingClientRect().top;
    const row = [...this.#list.children].find((one) => one.getBoundingClientRect().bottom > edge);
    return row && { row, top: row.getBoundingClientRect().top };
  }

  #drawRows(messages) {
    reconcile(this.#list, messages, {
      key: (message) => message.id,
      create: () => fresh("row"),
      update: (node, message) => this.#update(node, message, fillRow),
    });
  }

  #drawBubbles(messages) {
    const items = [];
    let date = "";
    for (const message of [...messages].reverse()) {
      if (day(message.created_at) !== date) {
        date = day(message.created_at);
        items.push({ id: `day ${date}`, date });
      }
      items.push(message);
    }
    reconcile(this.#list, items, {
      key: (item) => item.id,
      create: (item) => fresh(item.date ? "day" : "bubble"),
      update: (node, item) => (item.date
        ? node.querySelector("span").replaceChildren(item.date)
        : this.#update(node, item, fillBubble)),
    });
  }

  #update(node, message, fill) {
    const link = node.querySelector(".open");
    link.setAttribute("href", placeLink({ ...this.#place, id: message.id }));
    if (message.id === this.#place.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const box = node.querySelector(".pick input");
    if (box) box.checked = this.#picked.has(message.id);
    for (const [kind, who] of Object.entries(this.#notes)) fillNote(node, kind, who.wordsOf(message));
    if (this.#drawn.get(node) === message) return;
    this.#drawn.set(node, message);
    node.dataset.status = message.status;
    node.dataset.direction = message.direction;
    fillBody(node, message.body);
    fillCode(node, message.code);
    fillState(node, message.status);
    fill(node, message);
  }
}

function fillRow(node, message) {
  node.querySelector(".direction").textContent = message.direction === "inbound" ? "From" : "To";
  node.querySelector(".badge").textContent = badgeOf(message);
  fillNumber(node, handsetOf(message));
  fillAge(node, message.created_at);
}

function fillBubble(node, message) {
  const time = node.querySelector("time");
  time.dateTime = message.created_at;
  time.title = new Date(message.created_at).toLocaleString();
  time.textContent = clock(message.created_at);
  node.querySelector(".cancel").hidden = message.status !== "scheduled";
  fillText(node.querySelector(".sender"), message.direction === "inbound"
    ? `to ${senderOf(message)}` : senderOf(message));
  node.querySelector(".parts").textContent = partsOf(message);
}
