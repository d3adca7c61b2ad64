// Twilio's own Node SDK against the Verify and Lookup of the sandbox at argv[2]; prints what it saw
// as one JSON object.

const twilio = require("twilio");
const { refusal } = require("./refusal.cjs");

const TO = "+12015550123";
const base = process.argv[2];

const client = twilio("AC" + "b".repeat(32), "node_auth_token");
client.verify.baseUrl = `${base}/twilio`;
client.lookups.baseUrl = `${base}/twilio`;

async function readCode() {
  const answer = await fetch(`${base}/api/v1/codes/${encodeURIComponent(TO)}`);
  return (await answer.json()).code;
}

async function main() {
  const services = client.verify.v2.services;
  for (let number = 0; number < 5; number += 1) {
    await services.create({ friendlyName: `service ${number}` });
  }
  const listed = await services.list({ pageSize: 2 });
  const first = await services.page({ pageSize: 2 });
  const second = await first.nextPage();
  const back = await second.previousPage();

  const service = services(listed[0].sid);
  const started = await service.verifications.create({ to: TO, channel: "sms" });
  const fetched = await service.verifications(started.sid).fetch();
  const wrong = await service.verificationChecks.create({ to: TO, code: "0000000" });
  const right = await service.verificationChecks.create({ to: TO, code: await readCode() });
  const gone = await refusal(() => service.verificationChecks.create({ to: TO, code: "123456" }));
  const invalid = await refusal(() => service.verifications.create({ to: "+90533333810", channel: "sms" }));

  const limit = await service.rateLimits.create({ uniqueName: "ip" });
  await service.rateLimits(limit.sid).buckets.create({ max: 1, interval: 60 });
  const limited = { to: "+12015550101", channel: "sms", rateLimits: { ip: "192.0.2.1" } };
  await service.verifications.create(limited);
  const spent = await refusal(() => service.verifications.create({ ...limited, to: TO }));

  const found = await client.lookups.v2.phoneNumbers("+447772000001").fetch({ fields: "sim_swap" });
  const removed = await service.remove();

  console.log(JSON.stringify({
    listed: listed.map((one) => one.friendlyName),
    second: second.instances.map((one) => one.friendlyName),
    back: back.instances.map((one) => one.friendlyName),
    started: [started.status, started.valid, started.sendCodeAttempts[0].channel],
    dated: started.dateCreated instanceof Date,
    fetched: fetched.sid === started.sid,
    wrong: [wrong.status, wrong.valid],
    right: [right.status, right.valid],
    gone: gone.code,
    invalid,
    spent,
    found: [found.valid, found.countryCode, found.nationalFormat, found.simSwap.error_code],
    removed,
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
