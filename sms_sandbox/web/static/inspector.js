// The right pane: everything about one message.

import { address, call, messagePath } from "./api.js";
import { byId, fillBody, fillCode, fillNote, fillState, fresh, numberNodes, reconcile } from "./dom.js";
import { clock, elapsed, handsetOf, partsOf, safeJson, shellQuote, STATUS } from "./format.js";
import { placeLink } from "./place.js";
import { attemptItem } from "./webhooks.js";

export class Inspector {
  #shown = null;
  #turns = { timeline: 0, webhooks: 0 }; // readings so far: their answers may come in another order
  #notes;

  /** `notes` are what is said beside a message: for each kind who knows its words. */
  constructor(notes) {
    this.#notes = notes;
  }

  /** Shows a message, or nothing. `place` is where closing leads. */
  show(message, place) {
    const before = this.#shown;
    this.#shown = message;
    byId("no-details").hidden = Boolean(message);
    byId("inspector").toggleAttribute("data-empty", !message);
    if (!message) {
      byId("details").replaceChildren();
      return;
    }
    if (before?.id !== message.id) byId("details").replaceChildren(fresh("detail"));
    if (before !== message) this.#fill(message);
    for (const [kind, who] of Object.entries(this.#notes)) fillNote(byId("details"), kind, who.wordsOf(message));
    byId("details").querySelector(".back").setAttribute("href", placeLink({ ...place, id: "" }));
  }

  #fill(message) {
    const root = byId("details");
    fillCode(root, message.code);
    fillBody(root, message.body);
    fillState(root, message.status);
    for (const key of ["from", "to"]) root.querySelector(`.${key}`).replaceChildren(numberNodes(message[key]));
    for (const key of ["provider", "account", "id"]) root.querySelector(`.${key}`).textContent = message[key];
    root.querySelector(".parts").textContent = `${partsOf(message)} · ${[...message.body].length} characters`;
    root.querySelector(".error").textContent = message.error_code ? `Error ${message.error_code}` : "";
    root.querySelector(".cancel").hidden = message.status !== "scheduled";
    root.querySelector(".conversation").setAttribute("href", placeLink({ to: handsetOf(message), account: message.account }));
    root.querySelector(".curl").textContent = `curl -s ${shellQuote(address(messagePath(message.id)))}`;
    root.querySelector(".json").textContent = safeJson(message);
    this.#fillTimeline(message);
    this.#fillWebhooks(message);
  }

  /** Takes note of an attempt: if it is of the message on show, the list is read again. */
  tell(attempt) {
    if (this.#shown?.id === attempt.message_id) this.#fillWebhooks(this.#shown);
  }

  /** What belongs to a message; null where another message is on show since, or a later reading. */
  async #read(kind, message) {
    this.#turns[kind] += 1;
    const turn = this.#turns[kind];
    const answer = await call("GET", `${messagePath(message.id)}/${kind}`).catch(() => ({ [kind]: [] }));
    return turn === this.#turns[kind] && this.#shown?.id === message.id ? answer[kind] : null;
  }

  async #fillWebhooks(message) {
    const webhooks = await this.#read("webhooks", message);
    if (!webhooks) return;
    const root = byId("details");
    root.querySelector(".webhooks").hidden = webhooks.length === 0;
    // An attempt in the log does not change: those that are here stay, open or focused.
    reconcile(root.querySelector(".attempts"), webhooks, { key: (one) => one.id, create: attemptItem, update: () => {} });
  }

  async #fillTimeline(message) {
    const timeline = await this.#read("timeline", message);
    if (!timeline) return;
    const steps = timeline.map((step, i) => timelineStep(step, i ? timeline[0].at : null));
    byId("details").querySelector(".timeline").replaceChildren(...steps);
  }
}

function timelineStep(step, first) {
  const item = document.createElement("li");
  const label = document.createElement("span");
  const time = document.createElement("time");
  item.dataset.tone = STATUS[step.status]?.tone ?? "wait";
  label.textContent = STATUS[step.status]?.label ?? step.status;
  time.dateTime = step.at;
  time.title = new Date(step.at).toLocaleString();
  time.textContent = first ? elapsed(first, step.at) : clock(step.at);
  item.append(label, time);
  return item;
}
