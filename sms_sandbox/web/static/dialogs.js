// Questions and the list of keys, in the browser's own dialogs.

import { byId } from "./dom.js";

/** Asks before something is lost; resolves to whether the reader said yes. */
export function confirmed(title, text, action = "Delete") {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = action;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const KEYS = "sms-sandbox-keys";

/** Whether single keys act; speech input and some hands need them off. */
export const keysOn = () => byId("keys-on").checked;

export function watchHelp() {
  const box = byId("keys-on");
  box.checked = localStorage.getItem(KEYS) !== "off";
  box.addEventListener("change", () => localStorage.setItem(KEYS, box.checked ? "on" : "off"));
  byId("help-open").addEventListener("click", showHelp);
}

/** Every dialog's own buttons that only close it. */
export function watchCloses() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("dialog button.close");
    if (button) button.closest("dialog").close();
  });
}

export const showHelp = () => byId("help").showModal();
