// What is set beside the messages: fault rules, clocks, handsets. Others set it too, and no event
// tells of that, so it is read again every few seconds while somebody looks.

import { call } from "./api.js";

const EVERY = 3000; // milliseconds
const FRESH_SWAP = 72 * 3600 * 1000; // milliseconds for which a swapped SIM is worth telling
const STATES = { off: "Off", full: "Full", blocked: "Blocked" };

const keyOf = (account, number) => `${account} ${number}`;

export class Engine {
  #handsets = new Map();
  #changed;
  #reading = null;
  #again = false;
  #shown = "";

  faults = [];
  clocks = [];

  /** `changed` is called after a reading that brought something new. */
  constructor(changed) {
    this.#changed = changed;
  }

  start() {
    setInterval(() => document.hidden || this.read().catch(() => {}), EVERY);
    return this.read();
  }

  /** Reads everything; a wish during a reading leads to one more. Rejects with a Problem. */
  read() {
    this.#again = Boolean(this.#reading);
    this.#reading ??= this.#readAll().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #readAll() {
    do {
      this.#again = false;
      const [{ faults }, { clocks }, { handsets }] = await Promise.all([
        call("GET", "/faults"), call("GET", "/clocks"), call("GET", "/handsets"),
      ]);
      const told = JSON.stringify([faults, clocks, handsets]);
      this.faults = faults;
      this.clocks = clocks;
      this.#handsets = new Map(handsets.map((one) => [keyOf(one.account, one.number), one]));
      if (told !== this.#shown) {
        this.#shown = told;
        this.#changed();
      }
    } while (this.#again);
  }

  /** Takes a rule's new count from the event stream. */
  takeHit(rule) {
    this.faults = this.faults.map((one) => (one.id === rule.id ? rule : one));
    this.#changed();
  }

  /** The clock that an account obeys ("": all that have none of their own), if it was moved. */
  clockOf(account) {
    return (account && this.clocks.find((one) => one.account === account))
      || this.clocks.find((one) => one.account === null) || null;
  }

  /** What an account's clock shows, in milliseconds since 1970. */
  now(account) {
    const dial = this.clockOf(account);
    return dial?.frozen ? Date.parse(dial.now) : Date.now() + (dial?.ahead ?? 0) * 1000;
  }

  /** {nickname, state}: what was set for a handset, in words, both maybe "". */
  noteOf(account, number) {
    const known = this.#handsets.get(keyOf(account, number));
    if (!known) return { nickname: "", state: "" };
    const words = [STATES[known.state]];
    if (known.opted_out.includes("*")) words.push("Opted out");
    else if (known.opted_out.length) words.push(`Opted out of ${known.opted_out.length}`);
    if (this.now(account) - Date.parse(known.sim_swapped_at) < FRESH_SWAP) words.push("SIM swapped");
    return { nickname: known.nickname ?? "", state: words.filter(Boolean).join(", ") };
  }
}
