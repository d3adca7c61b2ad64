// Plivo's own Node SDK against the sandbox at argv[2]; prints what it saw as one JSON object.

const plivo = require("plivo");
const { receive } = require("./receiving.cjs");

const AUTH_ID = "MA" + "N".repeat(18);
const TOKEN = "node_auth_token_of_plivo";
const SRC = "14150000001";
const DST = "12015550123";
const base = process.argv[2];

function client(token = TOKEN) {
  return new plivo.Client(AUTH_ID, token, { url: `${base}/plivo/v1/Account/${AUTH_ID}` });
}

/** What the validators say of a callback. */
function judge(request, url, body) {
  const form = Object.fromEntries(new URLSearchParams(body.toString()));
  const query = Object.fromEntries(new URL(url).searchParams);
  const head = request.headers;
  const v3 = (key, parameters) => plivo.validateV3Signature(
    request.method, url, head["x-plivo-signature-v3-nonce"], key, head["x-plivo-signature-v3"], parameters,
  );
  return {
    method: request.method,
    status: form.Status || query.Status || form.ChannelStatus,
    v2: plivo.validateSignature(url, head["x-plivo-signature-v2-nonce"], head["x-plivo-signature-v2"], TOKEN),
    v3: v3(TOKEN, form),
    forged: v3(TOKEN, { ...form, Extra: "1" }) || v3("another", form),
  };
}

async function refusal(deed) {
  try {
    await deed();
  } catch (error) {
    return { name: error.constructor.name, status: error.status, message: error.message };
  }
  return null;
}

async function codeOf(number) {
  const answer = await fetch(`${base}/api/v1/codes/${number}.txt`);
  return (await answer.text()).trim();
}

async function main() {
  const one = client();
  const told = {};
  for (const method of ["POST", "GET"]) {
    const receiver = await receive(3, judge);
    await one.messages.create({ src: SRC, dst: DST, text: "Your code is 482913", url: `${receiver.url}/dlr?env=test&a=`, method });
    told[method] = await receiver.done;
    receiver.close();
  }
  const many = await one.messages.create({ src: SRC, dst: [DST, "12015550124"], text: "x" });
  const some = await one.messages.create({ src: SRC, dst: [DST, "nobody"], text: "x" });
  const pooled = await one.messages.create({ powerpackUUID: "00000000-0000-4000-8000-000000000000", dst: DST, text: "x", messageExpiry: 60 });
  const fetched = await one.messages.get(many.messageUuid[1]);
  const listed = await one.messages.list({ limit: 2, offset: 0, message_direction: "outbound" });

  const verify = await receive(3, judge);
  const session = await one.verify_session.create({ recipient: DST, brand_name: "Notes", url: `${verify.url}/verify` });
  const code = await codeOf(DST);
  const wrong = await refusal(() => one.verify_session.validate({ id: session.sessionUuid, otp: "0000" }));
  const right = await one.verify_session.validate({ id: session.sessionUuid, otp: code });
  const again = await refusal(() => one.verify_session.validate({ id: session.sessionUuid, otp: code }));
  const shown = await one.verify_session.get(session.sessionUuid);
  const sessions = await one.verify_session.list({ status: "verified" });
  told.verify = await verify.done;
  verify.close();

  console.log(JSON.stringify({
    told,
    many: [many.message, many.messageUuid.length],
    some: [some.messageUuid.length, some.invalid_number],
    pooled: pooled.messageUuid.length,
    fetched: [fetched.messageUuid === many.messageUuid[1], fetched.toNumber, fetched.messageType],
    listed: [listed.length, listed.meta.totalCount, listed.meta.limit],
    session: [session.message, right.message, shown.status, sessions.sessions.length],
    wrong,
    again,
    invalid: await refusal(() => one.messages.create({ src: SRC, dst: "nobody", text: "x" })),
    gone: await refusal(() => one.messages.get("00000000-0000-4000-8000-000000000000")),
    stranger: await refusal(() => client("another").messages.list({})),
    limited: await refusal(() => one.messages.create({ src: SRC, dst: "15095550100", text: "x" })),
    broken: await refusal(() => one.messages.create({ src: SRC, dst: "15015550100", text: "x" })),
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
