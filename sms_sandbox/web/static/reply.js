// Answering as the handset: below a conversation, to the app's last message there.

import { call, messagePath } from "./api.js";
import { byId, say } from "./dom.js";
import { senderOf } from "./format.js";

export class Reply {
  #to = null;

  /** Offers a reply where the conversation holds a message to reply to. */
  show(place, messages, selected) {
    const answerable = (message) => message?.direction === "outbound";
    this.#to = (answerable(selected) ? selected : messages.find(answerable)) ?? null;
    byId("reply").hidden = !place.to || !this.#to;
    if (this.#to) byId("reply-text").placeholder = `Reply to ${senderOf(this.#to)}`;
  }

  focus() {
    byId("reply-text").focus();
  }

  watch(fail) {
    byId("reply").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send().catch(fail);
    });
  }

  async #send() {
    const box = byId("reply-text");
    const body = box.value;
    if (!body.trim() || byId("reply-send").disabled) return;
    byId("reply-send").disabled = true;
    try {
      await call("POST", `${messagePath(this.#to.id)}/reply`, { body });
      box.value = "";
      say("Reply sent");
    } finally {
      byId("reply-send").disabled = false;
    }
  }
}
