// Vonage's own Node SDK against the sandbox at argv[2]; prints what it saw as one JSON object.

const { generateKeyPairSync } = require("node:crypto");
const http = require("node:http");
const { Vonage } = require("@vonage/server-sdk");
const { Auth, AlgorithmTypes } = require("@vonage/auth");
const { verifySignature } = require("@vonage/jwt");

const APPLICATION = "7c9738e6-0a4e-4c8e-9a52-2d0a2bb5e0a1";
const SECRET = "node_secret_of_vonage_that_is_long_enough";
const FROM = "12015550199";
const TO = "12015550123";
const base = process.argv[2];
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const ALGORITHMS = {
  md5hash: AlgorithmTypes.md5hash,
  md5: AlgorithmTypes.md5hmac,
  sha1: AlgorithmTypes.sha1hmac,
  sha256: AlgorithmTypes.sha256hmac,
  sha512: AlgorithmTypes.sha512hmac,
};

function client(credentials) {
  return new Vonage(new Auth(credentials), {
    restHost: `${base}/vonage`,
    apiHost: `${base}/vonage`,
  });
}

/** Receives callbacks; `next` waits for as many as are wanted. */
function receive() {
  const seen = [];
  let wake = () => {};
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      const { search, searchParams } = new URL(request.url, base);
      const isJson = request.headers["content-type"] === "application/json";
      const content = isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
      seen.push({
        method: request.method,
        parameters: search ? Object.fromEntries(searchParams) : content,
        token: (request.headers.authorization || "").replace("Bearer ", ""),
      });
      response.writeHead(200).end();
      wake();
    });
  });
  const next = async (count) => {
    while (seen.length < count) await new Promise((resolve) => { wake = resolve; });
    return seen.splice(0, count);
  };
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}`, next, close: () => server.close() });
    });
  });
}

async function settings(values) {
  const answer = await fetch(`${base}/api/v1/settings?account=nodekey1`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function refusal(deed) {
  try {
    await deed();
  } catch (error) {
    const { response } = error;
    const known = response && response.messages;
    return {
      name: error.constructor.name,
      status: known ? response.messages[0].status : response && response.status,
      text: known ? response.messages[0].errorText : undefined,
    };
  }
  return null;
}

async function main() {
  const one = client({ apiKey: "nodekey1", apiSecret: SECRET });
  const application = client({ applicationId: APPLICATION, privateKey });
  const receiver = await receive();
  const text = { from: FROM, to: TO, text: "Your code is 482913" };

  const sent = await one.sms.send({ ...text, clientRef: "7", statusReportReq: true, ttl: 60000 });
  const long = await one.sms.send({ ...text, text: "x".repeat(400) });
  const receipts = {};
  for (const [method, algorithm] of Object.entries(ALGORITHMS)) {
    await settings({ signature_method: method, webhook_method: method === "sha1" ? "GET" : "POST" });
    await one.sms.send({ ...text, callback: `${receiver.url}/dlr`, clientRef: "a=b&c" });
    receipts[method] = (await receiver.next(2)).map(({ method: verb, parameters }) => [
      verb,
      parameters.status,
      one.sms.verifySignature(parameters.sig, parameters, SECRET, algorithm),
      one.sms.verifySignature(parameters.sig, { ...parameters, status: "failed" }, SECRET, algorithm),
      one.sms.verifySignature(parameters.sig, parameters, "another", algorithm),
    ]);
  }

  const message = { ...text, channel: "sms", messageType: "text" };
  const accepted = await one.messages.send({
    ...message, clientRef: "7", ttl: 60, webhookUrl: `${receiver.url}/status`, webhookVersion: "v1",
  });
  const told = (await receiver.next(2)).map(({ parameters, token }) => [
    parameters.status,
    parameters.message_uuid === accepted.messageUUID,
    verifySignature(token, SECRET),
    verifySignature(token, "another secret, as long as the right one"),
  ]);
  const byToken = await application.messages.send(message);
  receiver.close();

  const stranger = client({ apiKey: "nodekey1", apiSecret: "another" });
  console.log(JSON.stringify({
    sent: [sent.messageCount, sent.messages[0].status, sent.messages[0].clientRef],
    long: [long.messageCount, new Set(long.messages.map((part) => part.messageId)).size],
    receipts,
    told,
    byToken: byToken.messageUUID.length,
    invalid: await refusal(() => one.sms.send({ ...text, to: "nobody" })),
    wrong: await refusal(() => stranger.sms.send(text)),
    refused: await refusal(() => application.messages.send({ ...message, from: "twelve letters" })),
    foreign: await refusal(() => stranger.messages.send(message)),
    gone: await refusal(() => application.messages.updateMessage("00000000-0000-4000-8000-000000000000", "read")),
    limited: await refusal(() => one.messages.send({ ...message, to: "15095550100" })),
    broken: await refusal(() => one.messages.send({ ...message, to: "15015550100" })),
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
