// Scheduled messages: when each is due, by its account's clock.

import { askAbout } from "./api.js";
import { span } from "./format.js";

const YEARLESS = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" };

export class Scheduled {
  #due = new Map();
  #shown;
  #now;

  /** `shown()` are the messages on the page; `now(account)` is what its clock shows, in
   *  milliseconds. */
  constructor(shown, now) {
    this.#shown = shown;
    this.#now = now;
  }

  #waiting() {
    return this.#shown().filter((one) => one.status === "scheduled");
  }

  /** Asks when the scheduled messages on the page are due. Rejects with a Problem. */
  async read() {
    const waiting = this.#waiting().map((one) => one.id);
    const news = await askAbout("/scheduled", "scheduled", waiting.filter((id) => !this.#due.has(id)));
    const here = new Set(waiting);
    for (const id of this.#due.keys()) if (!here.has(id)) this.#due.delete(id);
    for (const one of news) this.#due.set(one.message_id, one.due_at);
  }

  /** Whether something on the page has its time before it, which passes. */
  get any() {
    return this.#due.size > 0;
  }

  /** When a message is due, in words, or "" if it waits for no moment. */
  wordsOf(message) {
    const due = message.status === "scheduled" && this.#due.get(message.id);
    if (!due) return "";
    const now = this.#now(message.account);
    const moment = new Date(due);
    const sameYear = moment.getFullYear() === new Date(now).getFullYear();
    const shown = moment.toLocaleString([], sameYear ? YEARLESS : { ...YEARLESS, year: "numeric" });
    return `Due ${shown} · in ${span(Math.max(0, (moment - now) / 1000))}`;
  }
}
