// Vonage's own Node SDK against the sandbox at argv[2], its Verify APIs; prints what it saw as one
// JSON object.

const crypto = require("node:crypto");
const { Vonage } = require("@vonage/server-sdk");
const { Auth } = require("@vonage/auth");
const { verifySignature } = require("@vonage/jwt");
const { receive } = require("./receiving.cjs");

const KEY = "nodekey1";
const SECRET = "node_api_secret_of_vonage_that_is_long";
const APPLICATION = "9f1f6d3a-2c3b-4a86-8f52-0d6a53f6a111";
const TO = "447700900000";
const base = process.argv[2];
const hosts = { restHost: `${base}/vonage`, apiHost: `${base}/vonage` };
const { privateKey } = crypto.generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

function application() {
  return new Vonage(new Auth({ apiKey: KEY, apiSecret: SECRET, applicationId: APPLICATION, privateKey }), hosts);
}

async function control(method, path, body) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
}

async function codeOf(number) {
  return (await control("POST", `/codes/+${number}/claim`, { timeout: 15 })).code;
}

async function refusal(deed) {
  try {
    await deed();
  } catch (error) {
    const said = await error.response.clone().json();
    return { name: error.constructor.name, status: error.response.status, title: said.title };
  }
  return null;
}

/** What the validator says of a webhook. */
function judge(request, _url, body) {
  const token = request.headers.authorization.split(" ")[1];
  const told = JSON.parse(body);
  return {
    type: told.type,
    status: told.status,
    valid: verifySignature(token, SECRET),
    forged: verifySignature(token, "another"),
  };
}

async function main() {
  const seen = {};
  const { verify2, verify } = application();
  const receiver = await receive(2, judge);
  await control("PUT", `/settings?account=${APPLICATION}`, { status_url: receiver.url, signing_key: SECRET });

  const sms = { channel: "sms", to: TO };
  let begun = await verify2.newRequest({ brand: "Acme", workflow: [sms], codeLength: 6, clientRef: "ref" });
  const code = await codeOf(TO);
  seen.running = await refusal(() => verify2.newRequest({ brand: "Acme", workflow: [sms] }));
  seen.wrong = await refusal(() => verify2.checkCode(begun.requestId, "0000"));
  seen.checked = [code.length, await verify2.checkCode(begun.requestId, code)];
  seen.gone = await refusal(() => verify2.checkCode(begun.requestId, code));
  seen.told = await receiver.done;
  receiver.close();

  begun = await verify2.newRequest({ brand: "Acme", workflow: [sms, { channel: "voice", to: TO }] });
  const before = await codeOf(TO);
  seen.next = [await verify2.nextWorkflow(begun.requestId), await codeOf(TO) === before];
  seen.noNext = await verify2.nextWorkflow(begun.requestId);
  seen.cancelled = [await verify2.cancel(begun.requestId), await verify2.cancel(begun.requestId)];

  const silent = { channel: "silent_auth", to: "99012345678" };
  begun = await verify2.newRequest({ brand: "Acme", workflow: [silent] });
  seen.early = await refusal(() => verify2.checkCode(begun.requestId, "0000"));
  const phone = await (await fetch(begun.checkUrl)).json();
  seen.silent = [phone.request_id === begun.requestId, await verify2.checkCode(begun.requestId, phone.code)];
  seen.invalid = await refusal(() => verify2.newRequest({ brand: "Acme", workflow: [{ channel: "sms", to: "1" }] }));
  seen.errs = await refusal(() => verify2.newRequest({ brand: "Acme", workflow: [{ channel: "sms", to: "99011111199" }] }));

  const older = await verify.start({ number: TO, brand: "Acme", codeLength: 6 });
  const pin = await codeOf(TO);
  seen.older = [older.status, older.requestId.length, pin.length];
  seen.olderWrong = (await verify.check(older.requestId, "000000")).status;
  seen.olderSearch = (await verify.search(older.requestId)).status;
  seen.olderNext = (await verify.trigger(older.requestId)).status;
  seen.olderCheck = (await verify.check(older.requestId, pin)).status;
  seen.olderCancel = (await verify.cancel(older.requestId)).status;

  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
