// What says where the reader is: heading, title, chips, the account; and which accounts there are.

import { byId, numberNodes } from "./dom.js";
import { placeLink } from "./place.js";

/** Shows a place; `lists` is the last one that was no conversation. */
export function showHead(place, lists) {
  byId("heading").replaceChildren(place.to ? numberNodes(place.to) : "Messages");
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

/** Offers these accounts, and the chosen one. */
export function showAccounts(names, chosen) {
  const select = byId("account");
  const all = [...new Set([...names, chosen].filter(Boolean))].sort();
  if (all.join("\n") !== knownAccounts().join("\n")) {
    select.replaceChildren(select.options[0], ...all.map((name) => new Option(name, name)));
  }
  select.value = chosen;
}

/** The accounts on offer. */
export const knownAccounts = () => [...byId("account").options].slice(1).map((option) => option.value);

/** How many of how many are on show; `kept` is how many the sandbox keeps. */
export function showSummary(feed, kept) {
  const shown = feed.messages.length;
  const total = Math.max(feed.total, shown);
  const all = `${total.toLocaleString()} ${total === 1 ? "message" : "messages"}`;
  const some = `${shown.toLocaleString()} of ${total.toLocaleString()}${feed.more ? " or more" : ""}`;
  const limit = kept && total >= kept ? ` · only the newest ${kept.toLocaleString()} are kept` : "";
  byId("summary").textContent = feed.loaded ? (shown < total ? some : all) + limit : "";
}

const STATES = { connecting: "Connecting", live: "Live", offline: "Reconnecting" };

/** Whether the page hears what happens. */
export function showConnection(state) {
  byId("connection").dataset.state = state;
  byId("connection").querySelector(".label").textContent = STATES[state];
}
