// MessageBird's own Node SDK against the sandbox at argv[2]; prints what it saw as one JSON object.

const http = require("node:http");
const https = require("node:https");
const { createSecretKey } = require("node:crypto");

const base = new URL(process.argv[2]);

// The SDK has no option for its address: its requests are led here, as they are.
https.request = (options, callback) => http.request(
  {
    ...options,
    hostname: base.hostname,
    port: base.port,
    headers: { ...options.headers, Host: options.hostname },
  },
  callback,
);

const messagebird = require("messagebird");
const { verify } = require("messagebird/lib/webhook-signature-jwt");
const { receive } = require("./receiving.cjs");

const KEY = "live_" + "n".repeat(32);
const TO = "12015550123";

function client(key = KEY) {
  return messagebird.initClient(key, 20000);
}

/** The method's answer, or its error as the SDK makes it. */
function call(method, ...values) {
  return new Promise((resolve) => {
    method(...values, (error, data) => {
      resolve(error ? { error: error.message, status: error.statusCode, errors: error.errors } : data);
    });
  });
}

/** What the validator says of a request. */
async function judge(request, url, body) {
  const token = request.headers["messagebird-signature-jwt"];
  const fits = async (key, address, payload) => {
    try {
      return await verify(address, payload, token, createSecretKey(Buffer.from(key)));
    } catch {
      return false;
    }
  };
  return {
    method: request.method,
    status: new URL(url).searchParams.get("status"),
    genuine: await fits(KEY, url, body),
    forged: await fits("another".repeat(6), url, body),
    moved: await fits(KEY, `${url}&a=b`, body),
    altered: await fits(KEY, url, Buffer.from("altered")),
  };
}

async function control(method, path, body) {
  const answer = await fetch(new URL(path, base), {
    method,
    headers: { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return answer.text();
}

async function codeOf(number) {
  return (await control("GET", `/api/v1/codes/${number}.txt`)).trim();
}

async function main() {
  const one = client();
  const reports = await receive(2, judge);
  const sent = { originator: "Notes", recipients: [TO], body: "Your code is 482913", reference: "r", reportUrl: `${reports.url}/dlr?env=test&a=` };
  const made = await call(one.messages.create, sent);
  const told = { reports: await reports.done };
  reports.close();
  const read = await call(one.messages.read, made.id);
  const many = await call(one.messages.create, { originator: "12015550199", recipients: [TO, "12015550124"], body: "x", type: "flash" });
  const listed = await call(one.messages.list, { limit: 1, offset: 1, status: "delivered" });
  const all = await call(one.messages.list);
  const deleted = await call(one.messages.delete, many.id);

  const inbox = await receive(1, judge);
  await control("PUT", `/api/v1/settings?account=${KEY}`, { inbound_url: `${inbox.url}/in` });
  await control("POST", "/api/v1/inbound", { account: KEY, provider: "messagebird", from: `+${TO}`, to: "+12015550199", body: "Öpen?" });
  told.inbound = await inbox.done;
  inbox.close();

  const verification = await call(one.verify.create, "12015550125", { tokenLength: 8, template: "Notes: %token" });
  const code = await codeOf("12015550125");
  const wrong = await call(one.verify.verify, verification.id, "0");
  const right = await call(one.verify.verify, verification.id, code);
  const shown = await call(one.verify.read, verification.id);
  const forgotten = await call(one.verify.delete, verification.id);

  const hlr = await call(one.lookup.hlr.create, TO, { reference: "mine" });
  const known = await call(one.lookup.hlr.read, TO);
  const lookup = await call(one.lookup.read, TO, "US");
  const waiting = await call(one.hlr.create, Number(TO), "later");

  console.log(JSON.stringify({
    told,
    made: [made.id.length, made.recipients.items.length, made.reference],
    read: [read.id === made.id, read.recipients.items[0].status],
    many: [many.type, many.mclass, many.recipients.totalCount],
    listed: [listed.limit, listed.offset, all.totalCount],
    deleted,
    gone: await call(one.messages.read, many.id),
    wrong,
    right: [right.status, shown.status, forgotten],
    forgotten: await call(one.verify.read, verification.id),
    email: (await call(one.verify.createWithEmail.bind(one.verify), "a@example.com", "b@example.com", {})).errors[0].parameter,
    lookup: [lookup.type, lookup.countryCode, lookup.hlr.id === hlr.id],
    hlr: [hlr.status, hlr.reference, known.id === hlr.id],
    bare: (await call(one.lookup.hlr.create, TO)).status,
    waiting: [waiting.status, (await call(one.hlr.read, waiting.id)).id === waiting.id],
    balance: (await call(one.balance.read)).payment,
    invalid: await call(one.messages.create, { originator: "Notes", recipients: "nobody", body: "x" }),
    stranger: await call(client("a key").balance.read),
    limited: await call(one.messages.create, { originator: "Notes", recipients: "15095550100", body: "x" }),
    broken: await call(one.messages.create, { originator: "Notes", recipients: "15015550100", body: "x" }),
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
