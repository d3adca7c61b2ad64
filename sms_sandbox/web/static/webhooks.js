// One attempt to post a callback, in the inspector: what was sent, what came back, once more.

import { call } from "./api.js";
import { clock, safeJson } from "./format.js";

// What was done to an attempt on purpose, and what a hand may do when it posts one again.
const MUTATIONS = {
  drop: "lost on purpose", duplicate: "doubled", reorder: "out of order", stale: "stale",
  bad_signature: "badly signed", delay: "late", contradict: "contradicting",
};
const AGAIN = {
  "Post again": {}, Twice: { mutate: "duplicate" }, "Badly signed": { mutate: "bad_signature" },
  Stale: { mutate: "stale" }, "Out of order": { mutate: "reorder" },
};

/** A list item for an attempt. */
export function attemptItem(attempt) {
  const item = document.createElement("li");
  const details = document.createElement("details");
  const failed = Boolean(attempt.error);
  item.dataset.tone = failed ? "bad" : "good";
  details.append(heading(attempt), block(requestOf(attempt)), block(answerOf(attempt)), again(attempt));
  item.append(details);
  return item;
}

function heading(attempt) {
  const summary = document.createElement("summary");
  const time = document.createElement("time");
  time.dateTime = attempt.at;
  time.title = new Date(attempt.at).toLocaleString();
  time.textContent = clock(attempt.at);
  const outcome = attempt.response ? `answered ${attempt.response.status}` : "failed";
  const spoiled = attempt.mutation ? `, ${MUTATIONS[attempt.mutation] ?? attempt.mutation}` : "";
  summary.append(`Attempt ${attempt.attempt} ${outcome}, ${attempt.milliseconds} ms${spoiled} `, time);
  return summary;
}

function requestOf({ url, request }) {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return [`${request.method} ${url}`, ...headers, "", request.body].join("\n");
}

function answerOf({ response, error, next_attempt_at: next }) {
  const lines = [error, response && `Answer ${response.status}: ${safeJson(response.body)}`, next && `The next attempt is at ${clock(next)}.`];
  return lines.filter(Boolean).join("\n");
}

function block(text) {
  const pre = document.createElement("pre");
  pre.textContent = text;
  pre.tabIndex = 0; // a long line scrolls, by keyboard too
  return pre;
}

function again(attempt) {
  const group = document.createElement("div");
  const told = document.createElement("p");
  group.className = "again";
  told.setAttribute("role", "status");
  const buttons = Object.entries(AGAIN).map(([title, how]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = title;
    button.addEventListener("click", () => post(attempt, how, button, told));
    return button;
  });
  group.append(...buttons, told);
  return group;
}

// The buttons stay enabled: a disabled one would lose the focus. Only the same press again is not
// taken before the answer: an attempt may be on show already, and the next deed be wished for.
async function post(attempt, how, button, told) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await call("POST", `/webhooks/${encodeURIComponent(attempt.id)}/resend`, how);
    told.textContent = "Posted again";
  } catch (problem) {
    told.textContent = problem.message;
  }
  button.ariaBusy = null;
}
