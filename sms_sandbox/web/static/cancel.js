// A scheduled message, stopped before it is sent.

import { call, messagePath } from "./api.js";
import { byId, say } from "./dom.js";

/** Every button that cancels; `opened()` is the id of the message that the inspector shows. */
export function watchCancels(opened, fail) {
  const listen = (root, idOf) => root.addEventListener("click", (event) => {
    const button = event.target.closest(".cancel");
    if (button) cancel(idOf(button)).catch(fail);
  });
  listen(byId("list"), (button) => button.closest("[data-key]").dataset.key);
  listen(byId("details"), opened);
}

async function cancel(id) {
  await call("POST", `${messagePath(id)}/status`, { status: "canceled" });
  say("Sending canceled");
}
