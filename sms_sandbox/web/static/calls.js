// Calls: which messages are calls, what they have spoken, and the keys that they wait for.

import { askAbout, call, messagePath } from "./api.js";
import { byId, say } from "./dom.js";

const REST = 300; // milliseconds between two readings
const RINGING = ["accepted", "queued"];

export class Calls {
  #known = new Map(); // id of a call: whether it waits for keys
  #asked = new Set();
  #turn = 0;
  #shown;
  #changed;
  #timer = 0;
  #hears = null;

  /** `shown()` are the messages on the page; `changed` is called when more is known than before. */
  constructor(shown, changed) {
    this.#shown = shown;
    this.#changed = changed;
  }

  /** Asks which of the messages on the page are calls, and what the calls wait for. Rejects with a
   *  Problem. */
  async read() {
    this.#turn += 1;
    const turn = this.#turn;
    const ids = this.#shown().filter((one) => this.#mayBeNews(one)).map((one) => one.id);
    const calls = await askAbout("/calls", "calls", ids);
    if (turn !== this.#turn) return; // a later reading asks for all of these, and knows more
    for (const id of ids) this.#asked.add(id);
    for (const one of calls) this.#known.set(one.message_id, one.hears);
    this.#forget();
    this.#changed();
  }

  // A call goes on while it is not over; what was a text stays one.
  #mayBeNews(message) {
    if (message.direction !== "outbound") return false;
    if (!this.#asked.has(message.id)) return true;
    return this.#known.has(message.id) && ([...RINGING, "sent"].includes(message.status) || this.#known.get(message.id));
  }

  #forget() {
    const here = new Set(this.#shown().map((one) => one.id));
    for (const id of this.#asked) if (!here.has(id)) this.#asked.delete(id);
    for (const id of this.#known.keys()) if (!here.has(id)) this.#known.delete(id);
  }

  /** Takes note of live messages: a new call begins without a word, a known one may ask for keys. */
  note(messages) {
    const concerned = messages.some((one) => this.#known.has(one.id) || (one.direction === "outbound" && !one.body));
    if (!concerned) return;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.read().catch(() => {});
    }, REST);
  }

  /** What is to be said of a message as a call, or "" if it is none. */
  wordsOf(message) {
    if (!this.#known.has(message.id)) return "";
    if (this.#known.get(message.id)) return "Call · waits for keys";
    if (message.body) return "Call";
    return RINGING.includes(message.status) ? "Call · not answered yet" : "Call · nothing spoken";
  }

  /** Offers keys where a call of the open conversation waits for them. */
  draw(place, messages) {
    this.#hears = (place.to && messages.find((one) => this.#known.get(one.id))) || null;
    const bar = byId("keys");
    const held = bar.contains(document.activeElement);
    bar.hidden = !this.#hears;
    if (bar.hidden && held) byId("messages").focus({ preventScroll: true });
  }

  watch(fail) {
    byId("keys").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#press().catch(fail);
    });
  }

  async #press() {
    const box = byId("keys-text");
    if (!this.#hears) return;
    await call("POST", `${messagePath(this.#hears.id)}/press`, { digits: box.value });
    box.value = "";
    say("Keys pressed");
    await this.read();
  }
}
