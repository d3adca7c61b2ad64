// Twilio's own Node SDK against the sandbox at argv[2]; prints what it saw as one JSON object.

const twilio = require("twilio");
const { receive } = require("./receiving.cjs");
const { refusal } = require("./refusal.cjs");

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

/** What the validator says of a callback. */
function judge(request, url, body) {
  const form = Object.fromEntries(new URLSearchParams(body.toString()));
  const signature = request.headers["x-twilio-signature"];
  return {
    status: form.MessageStatus,
    valid: twilio.validateRequest(TOKEN, signature, url, form),
    forged: twilio.validateRequest(TOKEN, signature, url, { ...form, To: FROM }),
  };
}

async function main() {
  const one = client();
  const receiver = await receive(2, judge);
  const made = await one.messages.create({ to: TO, from: FROM, body: "Your code is 482913", statusCallback: `${receiver.url}/status?a=1` });
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
