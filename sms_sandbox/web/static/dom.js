// Small moves on the document, shared by every pane.

import { ago, codeGroups, fillGroups, fillText, numberView, spelled, STATUS } from "./format.js";

export const byId = (id) => document.getElementById(id);

/** A fresh copy of a <template>'s one element, or of all it holds. */
export function fresh(id) {
  const content = byId(id).content.cloneNode(true);
  return content.childElementCount === 1 ? content.firstElementChild : content;
}

/** Makes `container` hold one child per item, in order, moving as few nodes as it can. */
export function reconcile(container, items, { key, create, update }) {
  const wanted = new Set(items.map(key));
  const present = new Map();
  for (const node of [...container.children]) {
    if (node.dataset.key && wanted.has(node.dataset.key)) present.set(node.dataset.key, node);
    else node.remove();
  }
  let cursor = container.firstElementChild;
  for (const item of items) {
    const node = present.get(key(item)) ?? create(item);
    node.dataset.key = key(item);
    update(node, item);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else container.insertBefore(node, cursor);
  }
}

/** Puts a number into a `.country` and `.number` pair below `root`. */
export function fillNumber(root, number) {
  const view = numberView(number);
  const country = root.querySelector(".country");
  country.hidden = !view.region;
  country.textContent = view.region;
  fillGroups(root.querySelector(".number"), view.groups);
}

/** A number as nodes of its own, for places that have no template. */
export function numberNodes(number) {
  const holder = document.createElement("span");
  holder.className = "line";
  const country = document.createElement("span");
  country.className = "country";
  const digits = document.createElement("bdi");
  digits.className = "number";
  holder.append(country, digits);
  fillNumber(holder, number);
  return holder;
}

export function fillState(root, status) {
  const view = STATUS[status] ?? { label: status, icon: "queued", tone: "wait" };
  const state = root.querySelector(".state");
  state.dataset.tone = view.tone;
  state.title = view.label;
  state.querySelector("use").setAttribute("href", `#i-${view.icon}`);
  state.querySelector(".state-label").textContent = view.label;
}

export function fillCode(root, code) {
  const chip = root.querySelector(".code");
  chip.hidden = !code;
  if (!code) return;
  chip.dataset.code = code;
  chip.setAttribute("aria-label", `Copy code ${spelled(code)}`);
  fillGroups(chip.querySelector(".digits"), codeGroups(code));
}

/** Fills a line that is there only where it says something. */
export function fillNote(root, kind, words) {
  const line = root.querySelector(`.note.${kind}`);
  line.hidden = !words;
  const shown = line.querySelector(".words");
  if (shown.textContent !== words) shown.textContent = words;
}

export function fillBody(root, text) {
  fillText(root.querySelector(".text"), text);
}

/** A moment that ages: the text is renewed by `renewTimes`. */
export function fillAge(root, iso) {
  const time = root.querySelector("time");
  time.dateTime = iso;
  time.dataset.ages = "";
  time.title = new Date(iso).toLocaleString();
  time.textContent = ago(iso);
}

export function renewTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ages]")) {
    const text = ago(time.dateTime, now);
    if (time.textContent !== text) time.textContent = text;
  }
}

let saying = 0;

/** Says something once to a screen reader. */
export function say(text) {
  clearTimeout(saying);
  byId("said").textContent = "";
  saying = setTimeout(() => { byId("said").textContent = text; }, 50);
}
