// Copying: by the clipboard API, or by a selection where the page is not on a safe origin.

import { say } from "./dom.js";

const SHOWN = 1500; // milliseconds

async function write(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (refused) {
      if (!(refused instanceof DOMException)) throw refused;
    }
  }
  return writeBySelection(text);
}

function writeBySelection(text) {
  const focused = document.activeElement;
  const box = document.createElement("textarea");
  box.className = "sr";
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  focused?.focus({ preventScroll: true });
  return done;
}

function flash(button) {
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), SHOWN);
}

/** Copies a chip's code and shows it on the chip. */
export async function copyCode(chip) {
  const done = await write(chip.dataset.code);
  if (done) flash(chip);
  say(done ? "Code copied" : "The browser refused to copy");
}

/** Copies a text for a button, which says so for a moment. */
export async function copyText(text, button) {
  const done = await write(text);
  const words = done ? "Copied" : "Refused";
  say(done ? "Copied" : "The browser refused to copy");
  if (button.textContent === words) return;
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => { button.textContent = before; }, SHOWN);
}

/** Copies the text beside a snippet's button. */
export async function copySnippet(button) {
  const label = button.querySelector("span");
  const done = await write(button.closest(".snippet").querySelector("code").textContent);
  label.textContent = done ? "Copied" : "Refused";
  say(done ? "Copied" : "The browser refused to copy");
  if (done) flash(button);
  setTimeout(() => { label.textContent = "Copy"; }, SHOWN);
}

/** One listener for every copy button, whenever it came into the page. */
export function watchCopies() {
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("button.code");
    const button = event.target.closest("button.copy");
    if (chip) copyCode(chip);
    else if (button) copySnippet(button);
  });
}
