// Twilio's own Node SDK against the sandbox at argv[2]: media, schedules, inbound messages and
// calls; prints what it saw as one JSON object.

const http = require("node:http");
const twilio = require("twilio");

const ACCOUNT = "AC" + "c".repeat(32);
const TOKEN = "node_auth_token";
const TO = "+15558675310";
const FROM = "+15017122661";
const base = process.argv[2];
const client = twilio(ACCOUNT, TOKEN);
client.api.baseUrl = `${base}/twilio`;

/** An application: `answer(path)` gives its TwiML; every request is judged by Twilio's validator. */
function application(answer) {
  const seen = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const url = `http://${request.headers.host}${request.url}`;
      const valid = twilio.validateRequest(TOKEN, request.headers["x-twilio-signature"], url, form);
      seen.push({ path: request.url, valid, form });
      response.writeHead(200, { "Content-Type": "text/xml" }).end(answer(request.url));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}`, seen, close: () => server.close() });
    });
  });
}

async function control(method, path, body) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return answer.json();
}

async function arrived(match) {
  const found = await control("POST", "/wait", { match, timeout: 15, claim: false });
  return found.messages[0];
}

async function refusal(deed) {
  try {
    await deed();
  } catch (error) {
    return { status: error.status, code: error.code };
  }
  return null;
}

function script(path) {
  if (path === "/sms") return reply();
  const voice = new twilio.twiml.VoiceResponse();
  if (path === "/voice") voice.gather({ numDigits: 1, action: "/pressed", timeout: 60 }).say("Press one.");
  if (path === "/pressed") voice.say("Your code is 482913.");
  return voice.toString();
}

function reply() {
  const response = new twilio.twiml.MessagingResponse();
  response.message("Thank you");
  return response.toString();
}

async function messages(app) {
  const made = await client.messages.create({ to: TO, from: FROM, mediaUrl: ["https://example.com/a.png"] });
  const media = await client.messages(made.sid).media.list();
  const sendAt = new Date(Date.now() + 3600 * 1000);
  const later = await client.messages.create({
    to: TO, messagingServiceSid: "MG" + "c".repeat(32), body: "x", scheduleType: "fixed", sendAt,
  });
  const canceled = await client.messages(later.sid).update({ status: "canceled" });
  await control("PUT", `/settings?account=${ACCOUNT}`, { inbound_url: `${app.url}/sms` });
  await control("POST", "/inbound", { from: TO, to: FROM, body: "Hello", provider: "twilio" });
  await arrived({ body_contains: "Thank you" });
  const listed = await client.messages.list({ limit: 2 });
  await control("POST", "/inbound", { from: TO, to: FROM, body: "STOP", provider: "twilio" });
  return {
    media: [made.numMedia, media[0].contentType],
    schedule: [later.status, canceled.status],
    directions: listed.map((one) => one.direction),
    stopped: await refusal(() => client.messages.create({ to: TO, from: FROM, body: "x" })),
  };
}

async function calls(app) {
  const made = await client.calls.create({
    to: TO, from: FROM, url: `${app.url}/voice`, statusCallback: `${app.url}/status`,
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
  });
  const message = await arrived({ body_contains: "Press one." });
  const live = await client.calls(made.sid).fetch();
  await control("POST", `/messages/${message.id}/press`, { digits: "1" });
  const spoken = await arrived({ status: "delivered", body_contains: "Press one." });
  const done = await client.calls(made.sid).fetch();
  return {
    statuses: [made.status, live.status, done.status],
    code: spoken.code,
    listed: (await client.calls.list()).length,
    invalid: await refusal(() => client.calls.create({ to: TO, from: "+15005550007", twiml: "<Response/>" })),
    gone: await refusal(() => client.calls("CA" + "0".repeat(32)).fetch()),
  };
}

async function settled(app, number) {
  while (app.seen.length < number) await new Promise((resolve) => { setTimeout(resolve, 20); });
}

async function main() {
  const app = await application(script);
  const seen = { ...(await messages(app)), ...(await calls(app)) };
  await settled(app, 8);
  app.close();
  console.log(JSON.stringify({
    ...seen,
    paths: app.seen.map((one) => one.path).sort(),
    told: app.seen.filter((one) => one.path === "/status").map((one) => one.form.CallStatus),
    valid: app.seen.every((one) => one.valid),
  }));
}

main();
