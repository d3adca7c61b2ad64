// Links and the browser's own arrows: they move within the page, without loading it anew.

import { byId } from "./dom.js";
import { readPlace } from "./place.js";

/** `page` goes to a place, closes what is open, and says whether a message is. */
export function watchLinks(page) {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[href]");
    if (!link || link.hash || link.origin !== location.origin) return;
    event.preventDefault();
    if (link.classList.contains("back") && page.isOpen() && link.closest("#details")) page.close();
    else page.go(readPlace(new URL(link.href)));
    if (link.classList.contains("open") && event.detail === 0) byId("inspector").focus({ preventScroll: true });
  });
  addEventListener("popstate", () => page.go(readPlace(), { silent: true }));
}
