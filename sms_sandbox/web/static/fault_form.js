// The form that makes a fault rule, and the presets that fill it.

import { byId } from "./dom.js";
import { fillText } from "./format.js";
import { sentenceOf } from "./fault_words.js";

const PATTERNS = ["to", "from", "body", "provider", "account"];
const PRESETS = {
  "First 3 sends fail": { trigger: "times", times: 3, effect: "error", status: 503 },
  "Carrier outage": { effect: "delivery", ending: "undelivered", error_code: "unreachable" },
  "Slow answers": { effect: "delay", seconds: 5 },
  "Lost webhooks": { effect: "webhook", mutation: "drop" },
  "1 a second": { trigger: "above_per_second", above_per_second: 1, effect: "error", status: 429, retry_after: 1 },
};

const number = (field) => (field.value === "" ? undefined : Number(field.value));
const text = (field) => field.value.trim() || undefined;
// A vendor's code is a number where it looks like one: 30003.
const coded = (field) => (/^\d{1,9}$/.test(field.value.trim()) ? Number(field.value) : text(field));

function effectOf({ effect, status, code, retry_after: retry, seconds, ending, error_code: reason, after, mutation }) {
  switch (effect.value) {
    case "error": return { type: "error", status: number(status), code: coded(code), retry_after: number(retry) };
    case "delay": return { type: "delay", seconds: number(seconds) };
    case "delivery": return { type: "delivery", status: ending.value, error_code: coded(reason), after: number(after) };
    case "webhook": return { type: "webhook", mutation: mutation.value };
    default: return { type: effect.value };
  }
}

const typed = (form) => new URLSearchParams(new FormData(form)).toString();

/** The rule that the form asks for. */
function ruleOf(form) {
  const fields = form.elements;
  const rule = { match: {}, effect: effectOf(fields) };
  for (const key of PATTERNS) if (text(fields[key])) rule.match[key] = text(fields[key]);
  const trigger = fields.trigger.value;
  if (trigger) rule[trigger] = number(fields[trigger]) / (trigger === "chance" ? 100 : 1);
  if (fields.expires.value) rule.expires_in = number(fields.expires) * 60;
  return JSON.parse(JSON.stringify(rule)); // drops what was left open
}

/** Shows the fields of the chosen trigger and effect; the others take no part. */
function show(form) {
  const chosen = [form.elements.trigger.value, form.elements.effect.value];
  for (const label of form.querySelectorAll("[data-for]")) {
    label.hidden = !chosen.includes(label.dataset.for);
    label.querySelector("input, select").disabled = label.hidden;
  }
  fillText(byId("fault-sentence"), form.checkValidity() ? sentenceOf(ruleOf(form)) : "");
}

function fill(form, values) {
  form.reset();
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  show(form);
}

/** Brings the form to life; `add(rule)` is asked to make a rule and resolves when it is made. */
export function watchFaultForm(add) {
  const form = byId("fault-form");
  for (const [title, values] of Object.entries(PRESETS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.textContent = title;
    button.addEventListener("click", () => fill(form, { ...values, account: form.elements.account.value }));
    byId("presets").append(button);
  }
  form.addEventListener("input", () => show(form));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = typed(form);
    // What the reader typed meanwhile is the next rule already.
    if (await add(ruleOf(form)) && typed(form) === asked) fill(form, { account: form.elements.account.value });
  });
}

/** Starts the form for the account that the page is about. */
export function startFaultForm(account) {
  fill(byId("fault-form"), { account });
}
