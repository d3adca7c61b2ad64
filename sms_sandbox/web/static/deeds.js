// What the single keys do to the focused or the open message.

import { copyCode } from "./clipboard.js";
import { byId } from "./dom.js";
import { handsetOf } from "./format.js";
import { showNumbers } from "./numbers.js";

/** The deeds for `watchKeys`; `page` has the panes, `place()`, `selected()`, `go` and `close`. */
export function deedsOf({ list, feed, reply, tools, place, selected, go, close }) {
  const focusedRow = () => document.activeElement?.closest("#list [data-key]") ?? list.row(place().id);
  return {
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
      if (!place().to && message) go({ ...place(), id: "", q: "", to: handsetOf(message), account: message.account });
      reply.focus();
    },
    faults: () => tools.openFaults(),
    numbers: showNumbers,
    pick() {
      focusedRow()?.querySelector(".pick input")?.click();
    },
  };
}
