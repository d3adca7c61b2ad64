// The control API, as the page uses it: every answer an object, every refusal a Problem.

const ROOT = "/api/v1";
const PATIENCE = 15000; // milliseconds

/** A refusal of the control API, in words for the reader. */
export class Problem extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** The whole address of a path of the control API. */
export const address = (path) => `${location.origin}${ROOT}${path}`;

export const messagePath = (id) => `/messages/${encodeURIComponent(id)}`;

/** A path with the query keys that hold a value. */
export function withQuery(path, query) {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  return kept.length ? `${path}?${new URLSearchParams(kept)}` : path;
}

/** Asks the control API; throws a Problem when it refuses or cannot be reached. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(ROOT + path, {
      method, headers, signal: AbortSignal.timeout(PATIENCE), body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, "The sandbox does not answer. Is it still running?");
  }
  if (!answer.ok) throw new Problem(answer.status, await refusal(answer));
  return answer.status === 204 ? {} : answer.json();
}

const AT_ONCE = 100; // ids in one request

/** Asks about messages by their ids, however many there are: the entries of all answers. */
export async function askAbout(path, entries, ids) {
  const asks = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    asks.push(call("GET", withQuery(path, { messages: ids.slice(at, at + AT_ONCE).join(",") })));
  }
  return (await Promise.all(asks)).flatMap((answer) => answer[entries]);
}

/** The sandbox's health, which stands beside the API. */
export async function health() {
  const answer = await fetch("/healthz", { signal: AbortSignal.timeout(PATIENCE) });
  return answer.json();
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  const text = [problem.detail ?? problem.title, problem.hint].filter(Boolean).join(" ");
  return text || `The sandbox answered ${answer.status}.`;
}
