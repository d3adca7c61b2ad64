// What the page does beside showing messages: fault rules, clock, handset, numbers, calls' keys.

import { watchCancels } from "./cancel.js";
import { ClockDialog } from "./clock.js";
import { watchCloses, watchHelp } from "./dialogs.js";
import { byId } from "./dom.js";
import { Engine } from "./engine.js";
import { FaultDrawer } from "./faults.js";
import { HandsetMenu } from "./handset_menu.js";
import { watchNumbers } from "./numbers.js";
import { drawStripe } from "./stripe.js";

export class Tools {
  #faults;
  #clock;
  #handset;
  #place;

  /** `place()` is where the reader is; `changed` is called when something else is set than before. */
  constructor(place, changed) {
    this.engine = new Engine(changed);
    this.#faults = new FaultDrawer(this.engine);
    this.#clock = new ClockDialog(this.engine);
    this.#handset = new HandsetMenu(this.engine);
    this.#place = place;
  }

  /** Brings every dialog to life; `fail` is told of what is refused outside of one. */
  watch(fail) {
    watchHelp();
    watchCloses();
    watchNumbers();
    watchCancels(() => this.#place().id, fail);
    byId("fault-open").addEventListener("click", () => this.openFaults());
    byId("clock-open").addEventListener("click", () => this.#clock.open(this.#place().account));
    this.#faults.watch();
    this.#clock.watch();
    this.#handset.watch();
  }

  openFaults() {
    this.#faults.open(this.#place().account);
  }

  /** Draws lamps, stripe and open dialogs; `account` is whose handset a conversation shows. */
  draw(account) {
    const place = this.#place();
    drawStripe(this.engine, place.account);
    this.#faults.draw();
    this.#clock.draw();
    this.#handset.draw(place.to, account);
  }
}
