// The loaded window of messages for a place: pages of the API joined with what arrives live.

import { call, withQuery } from "./api.js";
import { apiFilters } from "./place.js";

const PAGE = 50;
const LARGEST_PAGE = 200;
const ROOM = 1000; // rows; beyond it the oldest leave the page as soon as nobody looks at them
const MOST = 5000;
const COUNTED = 5_000; // how far the API counts the messages of a filter
const COUNTED_TEXT = 200; // and those of a search

const newer = (a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0);

/** Where the last message of an answer stands among the loaded ones, or -1. */
function lastPlace(source, answer) {
  const last = answer.messages.at(-1);
  return last ? source.messages.findIndex((message) => message.id === last.id) : -1;
}

export class Feed {
  #sources = [];
  #turn = 0;
  #round = 0;

  /** Messages of the window, newest first. */
  messages = [];
  byId = new Map();
  total = 0;
  loaded = false;

  /** Empties the window for another place. */
  open(place) {
    this.#turn += 1;
    this.loaded = false;
    this.#sources = apiFilters(place).map((query) => ({ query, messages: [], next: null, total: 0 }));
    this.#join();
  }

  get hasOlder() {
    return this.#sources.some((source) => source.next);
  }

  /** Whether there may be more than `total`: filters are counted to a bound. */
  get more() {
    return this.#sources.some(({ query, total }) => Object.entries(query).some(([key, value]) => key !== "account" && value)
      && total >= (query.q ? COUNTED_TEXT : COUNTED));
  }

  get filters() {
    return this.#sources.map((source) => source.query);
  }

  /** Reads the newest part of the window anew; older rows that were loaded stay, unless `cut`. */
  async refresh({ cut = false } = {}) {
    const turn = this.#turn;
    this.#round += 1;
    const round = this.#round;
    const answers = await Promise.all(this.#sources.map((source) => this.#readTop(source, cut)));
    if (turn !== this.#turn || round !== this.#round) return; // a later reading knows more
    this.#sources.forEach((source, i) => this.#replaceTop(source, answers[i], cut));
    this.loaded = true;
    this.#join();
  }

  async #readTop(source, cut) {
    const read = (limit) => call("GET", withQuery("/messages", { ...source.query, limit }));
    const loaded = cut ? 0 : source.messages.length;
    const answer = await read(Math.min(Math.max(loaded, PAGE), LARGEST_PAGE));
    // Many have come since: reach down to the rows that are here, so that these can stay.
    const apart = loaded && answer.next && lastPlace(source, answer) < 0;
    return apart ? read(LARGEST_PAGE) : answer;
  }

  #replaceTop(source, answer, cut) {
    const read = new Set(answer.messages.map((message) => message.id));
    const at = answer.next && !cut ? lastPlace(source, answer) : -1;
    const older = at < 0 ? [] : source.messages.slice(at + 1).filter((m) => !read.has(m.id));
    source.messages = [...answer.messages, ...older];
    // Rows that were loaded below the part read now came with their own cursor.
    if (!older.length) source.next = answer.next;
    source.total = answer.total;
  }

  /** Loads the next older page of the side of the window that reaches back least. */
  async loadOlder() {
    const turn = this.#turn;
    const open = this.#sources.filter((source) => source.next);
    const source = open.sort((a, b) => newer(a.messages.at(-1), b.messages.at(-1)))[0];
    if (!source) return;
    const { next } = source;
    const answer = await call("GET", withQuery("/messages", { ...source.query, after: next, limit: PAGE }));
    if (turn !== this.#turn) return;
    if (source.next !== next) return this.loadOlder(); // the window was cut meanwhile: no gap
    const known = new Set(source.messages.map((message) => message.id));
    source.messages.push(...answer.messages.filter((message) => !known.has(message.id)));
    source.next = answer.next;
    this.#join();
  }

  /** Takes a new message in, or a new state of one that is here. */
  put(message) {
    const known = this.byId.get(message.id);
    if (known) {
      if (message.updated_at >= known.updated_at) this.#replace(known, message);
      return;
    }
    const source = this.#sources.find((one) => !one.query.direction || one.query.direction === message.direction);
    if (!source) return;
    const last = source.messages.at(-1);
    if (source.next && last && message.created_at < last.created_at) return; // comes with its page
    let at = 0;
    while (at < source.messages.length && source.messages[at].created_at > message.created_at) at += 1;
    source.messages.splice(at, 0, message);
    source.total += 1;
    this.byId.set(message.id, message);
  }

  #replace(known, message) {
    for (const source of this.#sources) {
      const at = source.messages.indexOf(known);
      if (at >= 0) source.messages[at] = message;
    }
    this.byId.set(message.id, message);
  }

  remove(ids) {
    for (const source of this.#sources) {
      const before = source.messages.length;
      source.messages = source.messages.filter((message) => !ids.has(message.id));
      source.total = Math.max(source.messages.length, source.total - before + source.messages.length);
    }
    this.#join();
  }

  /** Call after puts. True when the window has outgrown its room and should be cut. */
  settle(readerIsAtTheNewest) {
    this.#join();
    return this.messages.length > (readerIsAtTheNewest ? ROOM : MOST);
  }

  #join() {
    // A side that is not read to its end hides what the other side has from before.
    const frontiers = this.#sources.filter((s) => s.next && s.messages.length).map((s) => s.messages.at(-1).created_at);
    const frontier = frontiers.sort().at(-1) ?? "";
    const all = this.#sources.flatMap((source) => source.messages);
    if (this.#sources.length > 1) all.sort(newer);
    this.messages = this.#sources.length > 1 ? all.filter((m) => m.created_at >= frontier) : all;
    this.byId = new Map(all.map((message) => [message.id, message]));
    this.total = this.#sources.reduce((sum, source) => sum + source.total, 0);
  }
}
