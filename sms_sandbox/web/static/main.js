// The page: joins the panes with the control API, the event stream and the address bar.

import { announce } from "./announce.js";
import { call, health, messagePath, withQuery } from "./api.js";
import { Calls } from "./calls.js";
import { watchCopies } from "./clipboard.js";
import { watchControls } from "./controls.js";
import { deedsOf } from "./deeds.js";
import { Deletion } from "./deletion.js";
import { byId, renewTimes } from "./dom.js";
import { Feed } from "./feed.js";
import { loadRegions } from "./format.js";
import { Handsets } from "./handsets.js";
import { knownAccounts, showAccounts, showConnection, showHead, showSummary } from "./head.js";
import { Inspector } from "./inspector.js";
import { showKept } from "./kept.js";
import { watchKeys } from "./keys.js";
import { watchLinks } from "./links.js";
import { MessageList } from "./list.js";
import { belongs, placeLink, readPlace } from "./place.js";
import { Reply } from "./reply.js";
import { Scheduled } from "./scheduled.js";
import { listen } from "./stream.js";
import { Tools } from "./tools.js";
import { sendTest } from "./welcome.js";

const REREAD = 300; // milliseconds between two readings of the window
const GONE = "This message does not exist: it was deleted, or its place was needed by newer ones.";

const feed = new Feed();
const picked = new Set();
const tools = new Tools(() => place, drawTools);
const calls = new Calls(onPage, draw);
const scheduled = new Scheduled(onPage, (account) => tools.engine.now(account));
const notes = { call: calls, due: scheduled };
const list = new MessageList(feed, picked, notes);
const handsets = new Handsets();
const inspector = new Inspector(notes);
const reply = new Reply();
const deletion = new Deletion(feed, picked, { done: read, show: draw, fail });
let place = readPlace();
let lists = { ...place, to: "", id: "" }; // the last place that was no conversation
let single = null; // the open message when the window does not hold it
let kept = 0; // how many messages the sandbox keeps
let rereading = 0;
let reading = 0; // readings under way
let numbering = 0; // readings of the numbers so far
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

function onPage() {
  const opened = selected();
  return opened && !feed.byId.has(opened.id) ? [...feed.byId.values(), opened] : [...feed.byId.values()];
}

const readNotes = () => Promise.all([calls.read(), scheduled.read()]);

function draw() {
  drawTools();
  calls.draw(place, feed.messages);
  inspector.show(selected(), place);
  reply.show(place, feed.messages, selected());
  deletion.draw(place);
  const filtered = Boolean(place.to || place.q || place.account || place.only);
  const none = feed.loaded && feed.messages.length === 0;
  byId("welcome").hidden = !none || filtered;
  byId("nothing").hidden = !none || !filtered;
  byId("more").hidden = !feed.hasOlder;
  showSummary(feed, kept);
  byId("panes").dataset.pane = place.id ? "inspector" : paneBefore();
  list.draw(); // last: it keeps the scroll position, which depends on the room left
}

function drawTools() {
  tools.draw(place.account || feed.messages[0]?.account || "default");
  handsets.draw(place, tools.engine);
}

function paneBefore() {
  return byId("panes").dataset.pane === "numbers" ? "numbers" : "list";
}

async function read(options) {
  clearTimeout(rereading);
  rereading = 0;
  reading += 1;
  try {
    await Promise.all([readSingle(), feed.refresh(options), readNumbers()]);
    await readNotes();
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
  numbering += 1;
  const turn = numbering;
  const [{ messages, total }, { accounts }, told] = await Promise.all([
    call("GET", withQuery("/messages", { limit: 200 })), call("GET", "/accounts"), health(),
  ]);
  if (turn !== numbering) return; // a later reading knows more
  handsets.reset(messages);
  kept = told.retention.messages;
  showKept(told);
  byId("count").textContent = total.toLocaleString();
  showAccounts(accounts.map((one) => one.id), place.account);
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

/** Takes events; those that arrive during a reading wait, since its answer may be older. */
function takeBatch(batch) {
  waiting.push(...batch);
  if (reading) return;
  apply(waiting.splice(0));
  draw();
}

function apply(batch) {
  const arrived = [];
  // a reading that came first has shown and counted a new message, and told nobody of it
  announce(batch.filter(({ kind }) => kind !== "status").map(({ message }) => message));
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
  const told = batch.map(({ message }) => message);
  calls.note(told);
  if (told.some((one) => one.status === "scheduled")) scheduled.read().then(draw, fail);
}

function countUp(arrived) {
  const count = byId("count");
  count.textContent = (Number(count.textContent.replace(/\D/g, "")) + arrived.length).toLocaleString();
  showAccounts([...knownAccounts(), ...arrived.map((one) => one.account)], place.account);
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
    showHead(place, lists);
    read();
  } else if (place.id && !selected()) read();
  draw();
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

async function start() {
  watchLinks({ go, close, isOpen: () => Boolean(place.id) });
  watchControls(() => place, go);
  watchCopies();
  watchKeys(deedsOf({ list, feed, reply, tools, place: () => place, selected, go, close }));
  for (const part of [tools, calls, reply]) part.watch(fail);
  deletion.watch(() => place);
  byId("load-more").addEventListener("click", () => feed.loadOlder().then(readNotes).then(draw, fail));
  byId("send-test").addEventListener("click", () => sendTest(place.account).catch(fail));
  await loadRegions();
  feed.open(place);
  list.enter(place);
  showHead(place, lists);
  await Promise.all([read(), tools.engine.start().catch(fail)]);
  listen({
    onBatch: takeBatch, onWindow: readSoon, onState: showConnection,
    onWebhook: (attempt) => inspector.tell(attempt), onFault: (rule) => tools.engine.takeHit(rule),
  });
  setInterval(() => {
    renewTimes();
    if (scheduled.any) draw();
  }, 5000);
}

start();
