// The page: joins the panes with the control API, the event stream and the address bar.

import { announce } from "./announce.js";
import { call, messagePath, withQuery } from "./api.js";
import { copyCode, watchCopies } from "./clipboard.js";
import { Deletion } from "./deletion.js";
import { watchHelp } from "./dialogs.js";
import { byId, numberNodes, renewTimes } from "./dom.js";
import { Feed } from "./feed.js";
import { handsetOf, loadRegions } from "./format.js";
import { Handsets } from "./handsets.js";
import { Inspector } from "./inspector.js";
import { watchKeys } from "./keys.js";
import { MessageList } from "./list.js";
import { belongs, placeLink, readPlace } from "./place.js";
import { Reply } from "./reply.js";
import { listen } from "./stream.js";
import { sendTest } from "./welcome.js";

const REREAD = 300; // milliseconds between two readings of the window
const GONE = "This message does not exist: it was deleted, or its place was needed by newer ones.";
const TYPED = 200; // milliseconds of rest before a search

const feed = new Feed();
const picked = new Set();
const list = new MessageList(feed, picked);
const handsets = new Handsets();
const inspector = new Inspector();
const reply = new Reply();
const deletion = new Deletion(feed, picked, { done: read, show: draw, fail });
let place = readPlace();
let lists = { ...place, to: "", id: "" }; // the last place that was no conversation
let single = null; // the open message when the window does not hold it
let kept = 0; // how many messages the sandbox keeps
let rereading = 0;
let reading = 0; // readings under way
let typing = 0;
let gone = null; // says that the message of the link is gone; stays until the reader moves
let trouble = null; // what the newest reading or deed met
const waiting = [];

function fail(problem) {
  trouble = problem;
  const told = trouble ?? gone;
  byId("problem").textContent = told?.message ?? "";
  byId("problem").hidden = !told;
}

const selected = () => (place.id ? feed.byId.get(place.id) ?? (single?.id === place.id ? single : null) : null);

function draw() {
  handsets.draw(place);
  inspector.show(selected(), place);
  reply.show(place, feed.messages, selected());
  deletion.draw(place);
  const filtered = Boolean(place.to || place.q || place.account || place.only);
  const none = feed.loaded && feed.messages.length === 0;
  byId("welcome").hidden = !none || filtered;
  byId("nothing").hidden = !none || !filtered;
  byId("more").hidden = !feed.hasOlder;
  byId("summary").textContent = summary();
  byId("panes").dataset.pane = place.id ? "inspector" : paneBefore();
  list.draw(); // last: it keeps the scroll position, which depends on the room left
}

function paneBefore() {
  return byId("panes").dataset.pane === "numbers" ? "numbers" : "list";
}

function summary() {
  if (!feed.loaded) return "";
  const shown = feed.messages.length;
  const total = Math.max(feed.total, shown);
  const count = shown < total ? `${shown.toLocaleString()} of ${total.toLocaleString()}` : `${total.toLocaleString()} ${total === 1 ? "message" : "messages"}`;
  return kept && total >= kept ? `${count} · only the newest ${kept.toLocaleString()} are kept` : count;
}

async function read(options) {
  clearTimeout(rereading);
  rereading = 0;
  reading += 1;
  try {
    await Promise.all([readSingle(), feed.refresh(options), readNumbers()]);
    fail(null);
  } catch (problem) {
    fail(problem);
  }
  reading -= 1;
  if (!reading) apply(waiting.splice(0));
  draw();
}

/** Reads the window soon; a burst of reasons becomes one reading. */
function readSoon(within = 0) {
  rereading ||= setTimeout(() => read(), Math.max(REREAD, within));
}

async function readNumbers() {
  const [{ messages, total }, { accounts }, settings] = await Promise.all([
    call("GET", withQuery("/messages", { limit: 200 })), call("GET", "/accounts"), call("GET", "/settings"),
  ]);
  handsets.reset(messages);
  kept = settings.retention ?? 0;
  byId("count").textContent = total.toLocaleString();
  showAccounts(accounts.map((one) => one.id));
}

/** Reads the open message if the window does not hold it; leaves it and says so if it is gone. */
async function readSingle() {
  if (!place.id || feed.byId.has(place.id)) return;
  const { id } = place;
  try {
    const message = await call("GET", messagePath(id));
    if (place.id === id) single = message;
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    if (place.id !== id) return; // the reader has moved on
    go({ ...place, id: "" }, { replace: true });
    gone = new Error(GONE);
    fail(trouble);
  }
}

function showAccounts(names) {
  const select = byId("account");
  const all = [...new Set([...names, place.account].filter(Boolean))].sort();
  if (all.join("\n") !== [...select.options].slice(1).map((option) => option.value).join("\n")) {
    select.replaceChildren(select.options[0], ...all.map((name) => new Option(name, name)));
  }
  select.value = place.account;
}

/** Takes events; those that arrive during a reading wait, since its answer may be older. */
function takeBatch(batch) {
  waiting.push(...batch);
  if (reading) return;
  apply(waiting.splice(0));
  draw();
}

function apply(batch) {
  const arrived = [];
  for (const { kind, message } of batch) {
    const fits = belongs(place, message);
    if (single?.id === message.id) single = message;
    if (kind === "status" || feed.byId.has(message.id)) {
      if (feed.byId.has(message.id)) feed.put(message);
      continue;
    }
    arrived.push(message);
    handsets.add(message, fits && Boolean(place.to));
    if (fits) feed.put(message);
    else if (fits === null) readSoon();
  }
  if (feed.settle(list.atNewest)) read({ cut: true });
  if (arrived.length) countUp(arrived);
}

function countUp(arrived) {
  const count = byId("count");
  count.textContent = (Number(count.textContent.replace(/\D/g, "")) + arrived.length).toLocaleString();
  showAccounts([...byId("account").options].slice(1).map((o) => o.value).concat(arrived.map((m) => m.account)));
  announce(arrived);
}

/** Moves to another place: address bar, panes, and a reading where the window changes. */
function go(next, { replace = false, silent = false } = {}) {
  const before = place;
  place = next;
  gone = null;
  fail(trouble);
  if (!place.to) lists = { ...place, id: "" };
  if (!silent) history[replace ? "replaceState" : "pushState"](null, "", placeLink(place));
  const moved = ["to", "account", "q", "only"].some((key) => before[key] !== place[key]);
  byId("panes").dataset.pane = "list";
  list.enter(place);
  if (moved) {
    picked.clear();
    feed.open(place);
    showHead();
    read();
  } else if (place.id && !selected()) read();
  draw();
}

function showHead() {
  const heading = byId("heading");
  heading.replaceChildren(place.to ? numberNodes(place.to) : "Messages");
  document.title = place.to ? `${place.to} · SMS Sandbox` : "SMS Sandbox";
  byId("back").hidden = !place.to;
  byId("back").setAttribute("href", placeLink(lists));
  byId("chips").hidden = Boolean(place.to);
  for (const chip of byId("chips").querySelectorAll("[data-only]")) {
    chip.setAttribute("href", placeLink({ ...place, id: "", only: chip.dataset.only }));
    if (chip.dataset.only === place.only) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
  const everything = document.querySelector(".everything");
  everything.setAttribute("href", placeLink({ account: lists.account }));
  if (place.to) everything.removeAttribute("aria-current");
  else everything.setAttribute("aria-current", "page");
  if (document.activeElement !== byId("search")) byId("search").value = place.q;
  byId("account").value = place.account;
}

function close() {
  const { id } = place;
  if (id) {
    go({ ...place, id: "" });
    list.row(id)?.querySelector(".open").focus({ preventScroll: true });
  } else if (place.to) {
    go(lists);
    list.rows()[0]?.querySelector(".open").focus({ preventScroll: true });
  }
}

const focusedRow = () => document.activeElement?.closest("#list [data-key]") ?? list.row(place.id);

const deeds = {
  close,
  step(by) {
    const rows = list.rows();
    const at = rows.indexOf(focusedRow());
    const row = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    row?.querySelector(".open").focus();
  },
  copy() {
    const chips = [focusedRow(), byId("details"), ...list.rows()].map((root) => root?.querySelector("button.code:not([hidden])"));
    const chip = chips.find(Boolean);
    if (chip) copyCode(chip);
  },
  reply() {
    const message = feed.byId.get(focusedRow()?.dataset.key) ?? selected();
    if (!place.to && message) go({ ...place, id: "", q: "", to: handsetOf(message), account: message.account });
    reply.focus();
  },
  pick() {
    focusedRow()?.querySelector(".pick input")?.click();
  },
};

function watchLinks() {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[href]");
    if (!link || link.hash || link.origin !== location.origin) return;
    event.preventDefault();
    if (link.classList.contains("back") && place.id && link.closest("#details")) close();
    else go(readPlace(new URL(link.href)));
    if (link.classList.contains("open") && event.detail === 0) byId("inspector").focus({ preventScroll: true });
  });
  addEventListener("popstate", () => go(readPlace(), { silent: true }));
}

function watchControls() {
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => go({ ...place, id: "", q: byId("search").value.trim() }, { replace: true }), TYPED);
  });
  byId("account").addEventListener("change", () => go({ ...place, id: "", to: "", account: byId("account").value }));
  byId("show-numbers").addEventListener("click", () => {
    byId("panes").dataset.pane = "numbers";
    document.querySelector(".everything").focus();
  });
  byId("load-more").addEventListener("click", () => feed.loadOlder().then(draw, fail));
  byId("send-test").addEventListener("click", () => sendTest(place.account).catch(fail));
  reply.watch(fail);
  deletion.watch(() => place);
}

function showState(state) {
  const words = { connecting: "Connecting", live: "Live", offline: "Reconnecting" };
  byId("connection").dataset.state = state;
  byId("connection").querySelector(".label").textContent = words[state];
}

async function start() {
  watchLinks();
  watchControls();
  watchCopies();
  watchHelp();
  watchKeys(deeds);
  await loadRegions();
  feed.open(place);
  list.enter(place);
  showHead();
  await read();
  listen({ onBatch: takeBatch, onWebhook: (attempt) => inspector.tell(attempt), onWindow: readSoon, onState: showState });
  setInterval(renewTimes, 5000);
}

start();
