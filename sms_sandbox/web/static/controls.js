// The controls that choose what is on show: search, account, the pane of numbers.

import { byId } from "./dom.js";

const TYPED = 200; // milliseconds of rest before a search

/** `place()` is where the reader is, `go` moves there. */
export function watchControls(place, go) {
  let typing = 0;
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => go({ ...place(), id: "", q: byId("search").value.trim() }, { replace: true }), TYPED);
  });
  byId("account").addEventListener("change", () => go({ ...place(), id: "", to: "", account: byId("account").value }));
  byId("show-numbers").addEventListener("click", () => {
    byId("panes").dataset.pane = "numbers";
    document.querySelector(".everything").focus();
  });
}
