// One attempt to post a callback, in the inspector: what was sent, what came back, once more.

import { call } from "./api.js";
import { clock, safeJson } from "./format.js";

/** A list item for an attempt; `open` says that its details were open before. */
export function attemptItem(attempt, open) {
  const item = document.createElement("li");
  const details = document.createElement("details");
  const failed = Boolean(attempt.error);
  item.dataset.tone = failed ? "bad" : "good";
  details.dataset.key = attempt.id;
  details.open = open;
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
  summary.append(`Attempt ${attempt.attempt} ${outcome}, ${attempt.milliseconds} ms `, time);
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
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Post again";
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call("POST", `/webhooks/${encodeURIComponent(attempt.id)}/resend`, {});
      button.textContent = "Posted again";
    } catch (problem) {
      button.textContent = problem.message;
    }
    button.disabled = false;
  });
  return button;
}
