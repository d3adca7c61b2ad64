// Twilio's own Node SDK against the sandbox at argv[2]; prints what it saw as one JSON object.

const http = require("node:http");
const twilio = require("twilio");

const ACCOUNT = "AC" + "b".repeat(32);
const TOKEN = "node_auth_token";
const TO = "+15558675310";
const FROM = "+15017122661";
const base = process.argv[2];

function client(token = TOKEN) {
  const one = twilio(ACCOUNT, token);
  one.api.baseUrl = `${base}/twilio`;
  return one;
}

/** Receives callbacks; `wanted` of them settle the promise with what the validator said of each. */
function receive(wanted) {
  const verdicts = [];
  let settle;
  const done = new Promise((resolve) => { settle = resolve; });
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const url = `http://${request.headers.host}${request.url}`;
      const signature = request.headers["x-twilio-signature"];
      verdicts.push({
        status: form.MessageStatus,
        valid: twilio.validateRequest(TOKEN, signature, url, form),
        forged: twilio.validateRequest(TOKEN, signature, url, { ...form, To: FROM }),
      });
      response.writeHead(204).end();
      if (verdicts.length === wanted) settle(verdicts);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      resolve({ url: `http://127.0.0.1:${port}/status?a=1`, done, close: () => server.close() });
    });
  });
}

async function refusal(deed) {
  try {
    await deed();
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message };
  }
  return null;
}

async function main() {
  const one = client();
  const receiver = await receive(2);
  const made = await one.messages.create({ to: TO, from: FROM, body: "Your code is 482913", statusCallback: receiver.url });
  const callbacks = await receiver.done;
  receiver.close();
  const fetched = await one.messages(made.sid).fetch();
  for (let number = 0; number < 4; number += 1) await one.messages.create({ to: TO, from: FROM, body: `text ${number}` });
  const first = await one.messages.page({ pageSize: 2 });
  const second = await first.nextPage();
  const listed = await one.messages.list({ pageSize: 2 });
  const redacted = await one.messages(made.sid).update({ body: "" });
  const removed = await one.messages(made.sid).remove();
  console.log(JSON.stringify({
    created: made.status,
    fetched: fetched.status,
    callbacks,
    second: second.instances.map((message) => message.body),
    listed: listed.map((message) => message.body),
    redacted: redacted.body,
    removed,
    gone: await refusal(() => one.messages(made.sid).fetch()),
    invalid: await refusal(() => one.messages.create({ to: "+1", from: FROM, body: "x" })),
    stranger: await refusal(() => client("wrong").messages.create({ to: TO, from: FROM, body: "x" })),
  }));
}

main();
