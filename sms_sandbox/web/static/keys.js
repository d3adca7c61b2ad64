// The keyboard: single letters act on the focused or open message; arrows keep scrolling.

import { keysOn, showHelp } from "./dialogs.js";
import { byId } from "./dom.js";

/** `page` answers list, selected row, and the deeds: open, close, copy, reply, pick, faults, numbers. */
export function watchKeys(page) {
  const acts = {
    j: () => page.step(1),
    k: () => page.step(-1),
    c: () => page.copy(),
    r: () => page.reply(),
    x: () => page.pick(),
    f: () => page.faults(),
    n: () => page.numbers(),
    "/": () => byId("search").select(),
    "?": showHelp,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      else page.close();
      return;
    }
    if (typing || !keysOn() || !Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  });
}
