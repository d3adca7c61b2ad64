// The drawer of fault rules: what is set, how often it has struck, on and off, a new one.

import { call } from "./api.js";
import { copyText } from "./clipboard.js";
import { confirmed } from "./dialogs.js";
import { byId, fresh, reconcile, say } from "./dom.js";
import { fillText } from "./format.js";
import { startFaultForm, watchFaultForm } from "./fault_form.js";
import { COPIES, restsOf, sentenceOf } from "./fault_words.js";

const path = (rule) => `/faults/${encodeURIComponent(rule.id)}`;
const struck = (hits) => (hits ? `struck ${hits === 1 ? "once" : `${hits.toLocaleString()} times`}` : "has not struck yet");

export class FaultDrawer {
  #engine;
  #wishes = new Map(); // id of a rule: the switch that was asked for and is not answered yet

  constructor(engine) {
    this.#engine = engine;
  }

  /** Opens it; a new rule is for `account` unless the reader says otherwise. */
  open(account) {
    this.#tell(null);
    startFaultForm(account);
    byId("faults").showModal();
    this.draw();
  }

  watch() {
    watchFaultForm((rule) => this.#do(() => call("POST", "/faults", rule), "Rule added"));
    byId("faults-clear").addEventListener("click", () => this.#clear());
    const rules = byId("fault-rules");
    rules.addEventListener("change", (event) => this.#switch(event.target));
    rules.addEventListener("click", (event) => this.#click(event.target.closest("button")));
  }

  draw() {
    if (!byId("faults").open) return;
    const { faults } = this.#engine;
    byId("no-faults").hidden = faults.length > 0;
    byId("faults-clear").hidden = faults.length < 2;
    reconcile(byId("fault-rules"), faults, {
      key: (rule) => rule.id,
      create: () => fresh("fault-rule"),
      update: (node, rule) => fillRule(node, rule, this.#wishes.get(rule.id) ?? rule),
    });
  }

  #ruleOf(element) {
    const { key } = element.closest(".fault").dataset;
    return this.#engine.faults.find((rule) => rule.id === key);
  }

  // Until it is answered the box shows what the reader chose, whatever is read meanwhile.
  async #switch(box) {
    const rule = this.#ruleOf(box);
    if (!rule) return;
    const wish = { enabled: box.checked };
    this.#wishes.set(rule.id, wish);
    await this.#do(() => call("POST", path(rule), wish), `Rule switched ${wish.enabled ? "on" : "off"}`);
    if (this.#wishes.get(rule.id) === wish) this.#wishes.delete(rule.id);
    this.draw();
  }

  async #click(button) {
    const rule = button && this.#ruleOf(button);
    if (!rule) return;
    if (button.classList.contains("remove")) {
      await this.#do(() => call("DELETE", path(rule)), "Rule deleted");
      byId("fault-form").querySelector("button").focus({ preventScroll: true });
    } else await copyText(COPIES[button.dataset.form](rule), button);
  }

  async #clear() {
    const { length } = this.#engine.faults;
    if (await confirmed(`Delete ${length} rules?`, "The rules of every account go.")) {
      await this.#do(() => call("DELETE", "/faults?all=true"), "All rules deleted");
    }
  }

  /** Does something to the rules and shows them anew; whether it went well. */
  async #do(work, words) {
    let problem = null;
    try {
      await work();
    } catch (refused) {
      // Somebody else was faster: the rule is gone, and the list will say so.
      if (refused.status !== 404) problem = refused;
    }
    this.#tell(problem);
    if (!problem) say(words);
    await this.#engine.read().catch(() => {});
    return !problem;
  }

  #tell(problem) {
    byId("faults-problem").textContent = problem?.message ?? "";
    byId("faults-problem").hidden = !problem;
  }
}

function fillRule(node, rule, { enabled }) {
  const rests = restsOf(rule);
  const spent = rests === "used up" || rests === "expired";
  node.toggleAttribute("data-off", !rule.enabled);
  fillText(node.querySelector(".sentence"), sentenceOf(rule));
  node.querySelector(".hits").textContent = struck(rule.hits);
  node.querySelector(".rests").textContent = rests && `· ${rests}`;
  node.querySelector(".switch").hidden = spent;
  node.querySelector(".on").checked = enabled;
}
