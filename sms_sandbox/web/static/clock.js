// The clock's dialog: stop it, move it forward, give the real time back.

import { call, withQuery } from "./api.js";
import { confirmed } from "./dialogs.js";
import { byId, say } from "./dom.js";
import { dialText, isMoved } from "./stripe.js";

export class ClockDialog {
  #engine;
  #account = "";

  constructor(engine) {
    this.#engine = engine;
  }

  /** Opens it for an account, or with "" for the sandbox. */
  open(account) {
    this.#account = account;
    this.#tell(null);
    byId("clock").showModal();
    this.draw();
  }

  watch() {
    for (const button of byId("clock").querySelectorAll("[data-advance]")) {
      button.addEventListener("click", () => this.#do(() => this.#ask("POST", "/clock/advance", { seconds: Number(button.dataset.advance) })));
    }
    byId("clock-freeze").addEventListener("click", () => {
      const { frozen } = this.#dial ?? {};
      this.#do(() => this.#ask("PUT", "/clock", { frozen: !frozen }));
    });
    byId("clock-real").addEventListener("click", () => this.#do(() => this.#giveBack()));
  }

  get #dial() {
    return this.#engine.clockOf(this.#account);
  }

  #ask(method, path, body) {
    return call(method, withQuery(path, { account: this.#account }), body);
  }

  draw() {
    if (!byId("clock").open) return;
    const dial = this.#dial;
    const whose = this.#account ? `The account ${this.#account}` : "Every account without a clock of its own";
    const moved = Boolean(dial && isMoved(dial));
    const shown = moved ? `${dialText(dial)}, ${new Date(dial.now).toLocaleString()}` : "real time";
    byId("clock-shows").textContent = `${whose}: ${shown}. What becomes due when time is moved happens at once.`;
    byId("clock-freeze").textContent = dial?.frozen ? "Let it run" : "Freeze";
    byId("clock-real").hidden = !moved;
    const others = this.#engine.clocks.filter((one) => one !== dial && one.account !== null && isMoved(one));
    byId("clock-others").hidden = others.length === 0;
    byId("clock-others").textContent = `Clocks of their own: ${others.map((one) => `${one.account} (${dialText(one)})`).join(", ")}.`;
  }

  // A clock moves forward only. One that is behind goes on to the present; for one that is ahead,
  // the messages that bear its moments have to go first.
  async #giveBack() {
    try {
      await this.#ask("DELETE", "/clock");
    } catch (problem) {
      if (problem.status !== 400) throw problem;
      const what = this.#account ? `The account ${this.#account}` : "Everything";
      const text = `The clock is ahead, and time does not run back while there are messages. ${what} would be reset: messages, settings, fault rules, handsets, clock.`;
      if (!await confirmed("Reset, to have the real time back?", text, "Reset")) return;
      await call("POST", withQuery("/reset", this.#account ? { account: this.#account } : { all: "true" }), {});
    }
  }

  async #do(work) {
    try {
      await work();
      await this.#engine.read();
      this.#tell(null);
      say(`Clock: ${dialText(this.#dial)}`);
    } catch (problem) {
      this.#tell(problem);
    }
  }

  #tell(problem) {
    byId("clock-problem").textContent = problem?.message ?? "";
    byId("clock-problem").hidden = !problem;
  }
}
