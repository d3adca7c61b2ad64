// The event stream: collects what arrives, hands it over in batches, comes back after a break.

import { address } from "./api.js";

const KINDS = ["message", "inbound", "status"];
const BURST = 20; // events a second from which on they are gathered
const GATHER = 250; // milliseconds
const HELD = 2000; // events; a page in the background beyond this reads the window anew
const PRUNED = 2000; // milliseconds; the oldest rows go in a steady trickle, no hurry
const UNSEEN = 20000; // milliseconds until the stream of a hidden tab is closed
const RETRY = [1000, 2000, 5000, 10000, 30000];

/**
 * Listens for ever. `onBatch` gets an array of {kind, message}; `onWebhook` a webhook's attempt; `onFault` a rule that has struck; `onWindow` says that the loaded
 * window may have holes and must be read again, within so many milliseconds; `onState` gets connecting, live or offline.
 */
export function listen({ onBatch, onWebhook, onFault, onWindow, onState }) {
  let held = [];
  let recent = [];
  let timer = 0;
  let failures = 0;
  let again = 0;
  let unseen = 0;
  let source = null;

  function flush() {
    timer = 0;
    const batch = held;
    held = [];
    if (batch.length > HELD) onWindow();
    else if (batch.length) onBatch(batch);
  }

  function hold(kind, event) {
    const now = performance.now();
    recent.push(now);
    if (recent.length > BURST) recent = recent.filter((at) => at > now - 1000);
    if (held.length <= HELD) held.push({ kind, message: JSON.parse(event.data) });
    timer ||= setTimeout(flush, recent.length > BURST ? GATHER : 0);
  }

  function open() {
    if (source) return;
    source = new EventSource(address("/events"));
    for (const kind of KINDS) source.addEventListener(kind, (event) => hold(kind, event));
    source.addEventListener("webhook", (event) => onWebhook(JSON.parse(event.data)));
    source.addEventListener("fault_hit", (event) => onFault(JSON.parse(event.data)));
    source.addEventListener("resync", () => onWindow());
    source.addEventListener("prune", (event) => onWindow(JSON.parse(event.data).reason === "deleted" ? 0 : PRUNED));
    source.addEventListener("open", () => {
      failures = 0;
      onState("live");
      onWindow();
    });
    source.addEventListener("error", () => {
      onState("offline");
      if (source.readyState !== EventSource.CLOSED) return; // the browser itself tries again
      close();
      again = setTimeout(open, RETRY[Math.min(failures, RETRY.length - 1)]);
      failures += 1;
    });
  }

  function close() {
    clearTimeout(again);
    source?.close();
    source = null;
  }

  // A browser has six connections for a host: tabs that nobody sees must not hold them all.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(unseen);
    if (document.hidden) unseen = setTimeout(close, UNSEEN);
    else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  onState("connecting");
  open();
}
