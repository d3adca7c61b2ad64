// The menu of a conversation's handset: on, off, full, blocked; opted out; its SIM; a nickname.

import { call, withQuery } from "./api.js";
import { byId, say } from "./dom.js";
import { ago } from "./format.js";

export class HandsetMenu {
  #engine;
  #of = null;
  #known = null;

  constructor(engine) {
    this.#engine = engine;
  }

  /** Labels the button of the conversation, if the place is one. */
  draw(number, account) {
    this.#of = number ? { number, account } : null;
    const button = byId("handset-open");
    button.hidden = !number;
    if (!number) return;
    const { nickname, state } = this.#engine.noteOf(account, number);
    button.querySelector(".label").textContent = ["Handset", nickname, state].filter(Boolean).join(" · ");
    button.toggleAttribute("data-on", Boolean(state));
  }

  watch() {
    byId("handset-open").addEventListener("click", () => this.#open());
    byId("handset-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#put(this.#asked(), "Handset saved").then((done) => done && byId("handset-menu").close());
    });
    byId("swap-sim").addEventListener("click", () => this.#swap());
  }

  get #path() {
    const { number, account } = this.#known;
    return withQuery(`/handsets/${encodeURIComponent(number)}`, { account });
  }

  async #open() {
    this.#known = this.#of;
    this.#tell(null);
    try {
      this.#fill(await call("GET", this.#path));
    } catch (problem) {
      this.#tell(problem);
    }
    byId("handset-menu").showModal();
  }

  #fill(handset) {
    this.#known = handset;
    const fields = byId("handset-form").elements;
    const declined = handset.opted_out.filter((one) => one !== "*");
    const all = handset.opted_out.length > declined.length;
    byId("handset-of").textContent = `${handset.number}, as the account ${handset.account} sees it.`;
    byId("opted-some").hidden = declined.length === 0;
    byId("opted-some").querySelector(".words").textContent = `except from ${declined.join(", ")}`;
    fields.state.value = handset.state;
    fields.opted.value = all ? "all" : declined.length ? "some" : "none";
    fields.nickname.value = handset.nickname ?? "";
    this.#showSim(handset);
  }

  #showSim({ sim_swapped_at: at }) {
    byId("handset-sim").textContent = `SIM swapped ${ago(at).replace(/^now$/, "just now")}${/\d (s|min|h)$/.test(ago(at)) ? " ago" : ""}`;
  }

  #asked() {
    const fields = byId("handset-form").elements;
    const changes = { state: fields.state.value, nickname: fields.nickname.value.trim() };
    const opted = { none: false, all: true }[fields.opted.value];
    return opted === undefined ? changes : { ...changes, opted_out: opted };
  }

  async #swap() {
    const { now } = await call("GET", withQuery("/clock", { account: this.#known.account })).catch(() => ({}));
    await this.#put({ sim_swapped_at: now ?? new Date().toISOString() }, "SIM swapped");
  }

  async #put(changes, words) {
    try {
      const handset = await call("PUT", this.#path, changes);
      this.#showSim(handset);
      this.#tell(null);
      say(words);
      await this.#engine.read();
      return true;
    } catch (problem) {
      this.#tell(problem);
      return false;
    }
  }

  #tell(problem) {
    byId("handset-problem").textContent = problem?.message ?? "";
    byId("handset-problem").hidden = !problem;
  }
}
