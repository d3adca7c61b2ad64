// Calls: which messages are calls, what they have spoken, and the keys that they wait for.

import { call, messagePath, withQuery } from "./api.js";
import { byId, say } from "./dom.js";

const REST = 300; // milliseconds between two readings

export class Calls {
  #known = new Map();
  #place = null;
  #changed;
  #timer = 0;
  #hears = null;

  /** `changed` is called when more is known than before. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Reads the calls of a place. Rejects with a Problem. */
  async read(place = this.#place) {
    this.#place = place;
    const { calls } = await call("GET", withQuery("/calls", { account: place.account, to: place.to }));
    if (this.#place !== place) return;
    this.#known = new Map(calls.map((one) => [one.message_id, one.hears]));
    this.#changed();
  }

  /** Takes note of live messages: a new call begins without a word, a known one may ask for keys. */
  note(messages) {
    const concerned = messages.some((one) => this.#known.has(one.id) || (one.direction === "outbound" && !one.body));
    if (!concerned || !this.#place) return;
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
    return ["accepted", "queued"].includes(message.status) ? "Call · not answered yet" : "Call · nothing spoken";
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

/** Fills the line that says that a message is a call. */
export function fillCall(root, words) {
  const line = root.querySelector(".call");
  line.hidden = !words;
  line.querySelector(".words").textContent = words;
}
