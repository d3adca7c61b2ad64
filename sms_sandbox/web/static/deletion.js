// Deleting: one, the selected, or all that the filters show; always after a question.

import { call, messagePath, withQuery } from "./api.js";
import { confirmed } from "./dialogs.js";
import { byId } from "./dom.js";

const AT_ONCE = 8; // requests in flight

const counted = (n) => `${n.toLocaleString()} ${n === 1 ? "message" : "messages"}`;

export class Deletion {
  #feed;
  #picked;
  #then;

  /** `then`: done() reads the window, show() draws it, fail(problem) tells of a refusal. */
  constructor(feed, picked, then) {
    this.#feed = feed;
    this.#picked = picked;
    this.#then = then;
  }

  draw(place) {
    for (const id of this.#picked) if (!this.#feed.byId.has(id)) this.#picked.delete(id);
    const { size } = this.#picked;
    byId("picked").hidden = size === 0;
    byId("picked-count").textContent = `${size} selected`;
    byId("delete-all").hidden = size > 0 || this.#feed.messages.length === 0;
    const filtered = place.to || place.q || place.account || place.only;
    byId("delete-all").querySelector(".label").textContent = filtered ? "Delete these" : "Delete all";
  }

  watch(place) {
    byId("list").addEventListener("change", (event) => this.#pick(event.target));
    byId("picked-clear").addEventListener("click", () => {
      this.#picked.clear();
      this.#then.show();
    });
    byId("picked-delete").addEventListener("click", () => this.#ask([...this.#picked]));
    byId("delete-all").addEventListener("click", () => this.#askAll(place()));
    byId("details").addEventListener("click", (event) => {
      if (event.target.closest(".delete")) this.#ask([place().id]);
    });
  }

  #pick(box) {
    const { key } = box.closest("[data-key]").dataset;
    if (box.checked) this.#picked.add(key);
    else this.#picked.delete(key);
    this.#then.show();
  }

  async #ask(ids) {
    if (!await confirmed(`Delete ${counted(ids.length)}?`, "This cannot be undone.")) return;
    await this.#run(async () => {
      for (let i = 0; i < ids.length; i += AT_ONCE) {
        await Promise.all(ids.slice(i, i + AT_ONCE).map(removeOne));
      }
      this.#feed.remove(new Set(ids));
      this.#picked.clear();
    });
  }

  async #askAll(place) {
    const filtered = Boolean(place.to || place.q || place.account || place.only);
    const what = filtered ? "Everything that the filters show goes" : "Every message of every account goes";
    if (!await confirmed(`Delete ${counted(this.#feed.total)}${this.#feed.more ? " or more" : ""}?`, `${what}, older ones that are not loaded too. This cannot be undone.`)) return;
    const queries = filtered ? this.#feed.filters : [{ all: "true" }];
    await this.#run(() => Promise.all(queries.map((query) => call("DELETE", withQuery("/messages", query)))));
  }

  async #run(work) {
    try {
      await work();
      await this.#then.done({ cut: true });
    } catch (problem) {
      this.#then.fail(problem);
    }
  }
}

// Pruned or deleted by someone else meanwhile: it is gone, which is what was asked.
async function removeOne(id) {
  try {
    await call("DELETE", messagePath(id));
  } catch (problem) {
    if (problem.status !== 404) throw problem;
  }
}
