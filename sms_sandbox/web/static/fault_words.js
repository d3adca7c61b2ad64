// A fault rule in words, and as something to paste.

import { address } from "./api.js";
import { shellQuote, span } from "./format.js";

const WEBHOOKS = {
  drop: "lose the webhooks",
  duplicate: "post each webhook twice",
  reorder: "post the webhooks in the wrong order",
  stale: "post webhooks of an earlier state",
  bad_signature: "sign the webhooks badly",
  delay: "post the webhooks late",
};
const ENDINGS = ["th", "st", "nd", "rd"];
const MEANS = { to: "to", from: "from", body: "with the text", provider: "through", account: "in the account" };

const pattern = (one) => (typeof one === "string" ? one : `/${one.regex}/`);

function ordinal(n) {
  const tens = n % 100;
  return `${n}${tens > 10 && tens < 20 ? "th" : ENDINGS[n % 10] ?? "th"}`;
}

function often({ times, every, chance, seed, above_per_second: rate }) {
  const most = times === 1 ? "the first time" : `the first ${times} times`;
  let words = "";
  if (every) words = `every ${ordinal(every)} time`;
  else if (chance != null) words = `${+(chance * 100).toFixed(4)} % of the time${seed == null ? "" : ` (seed ${seed})`}`;
  else if (rate) words = `above ${rate} a second`;
  if (!words) return times ? most : "every time";
  return times ? `${words}, ${times === 1 ? "once" : `at most ${times} times`}` : words;
}

function then({ type, status, code, retry_after: retry, seconds, error_code: reason, after, mutation }) {
  const coded = (one) => (one == null ? "" : ` (${one})`);
  switch (type) {
    case "error": return `answer HTTP ${status}${coded(code)}${retry == null ? "" : `, Retry-After ${retry} s`}`;
    case "delay": return `answer ${span(seconds)} late`;
    case "disconnect": return "reset the connection";
    case "truncate": return "cut the answer short";
    case "delivery": return `end the delivery as ${status}${coded(reason)}${after == null ? "" : ` after ${span(after)}`}`;
    default: return WEBHOOKS[mutation] + (seconds == null ? "" : `, by ${span(seconds)}`);
  }
}

/** "When anything is sent to +99003*, the first 3 times: answer HTTP 503." */
export function sentenceOf(rule) {
  const whom = Object.keys(MEANS).filter((key) => rule.match?.[key]).map((key) => ` ${MEANS[key]} ${pattern(rule.match[key])}`);
  return `When anything is sent${whom.join("")}, ${often(rule)}: ${then(rule.effect)}.`;
}

/** Why a rule cannot strike, how long it still can, or "". */
export function restsOf(rule) {
  if (rule.times && rule.hits >= rule.times) return "used up";
  if (rule.expires_in === 0) return "expired";
  if (!rule.enabled) return "off";
  return rule.expires_in == null ? "" : `for ${span(Math.round(rule.expires_in))} more`;
}

/** The rule as it was asked for. */
function asked(rule) {
  const { id, hits, enabled, ...form } = rule;
  return form;
}

function python(value) {
  if (Array.isArray(value) || value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${python(one)}`).join(", ")}}`;
}

function asPytest(rule) {
  const { effect, match = {}, ...rest } = asked(rule);
  const { account, ...others } = match; // the fixture's rules are of the test's own account
  const words = Object.entries(Object.keys(others).length ? { match: others, ...rest } : rest);
  return `sms_faults.add(${[python(effect), ...words.map(([key, one]) => `${key}=${python(one)}`)].join(", ")})`;
}

/** What each "copy as" button copies. */
export const COPIES = {
  json: (rule) => JSON.stringify(asked(rule)),
  curl: (rule) => `curl -s ${shellQuote(address("/faults"))} -H 'Content-Type: application/json' -d ${shellQuote(JSON.stringify(asked(rule)))}`,
  pytest: asPytest,
};
