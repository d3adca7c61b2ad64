// Twilio's own Node SDK with numbers and Messaging Services of the sandbox at argv[2]; prints what it
// saw as one JSON object.

const twilio = require("twilio");
const { refusal } = require("./refusal.cjs");

const TO = "+15558675310";
const base = process.argv[2];

const client = twilio("AC" + "b".repeat(32), "node_auth_token");
client.api.baseUrl = client.messaging.baseUrl = `${base}/twilio`;

async function sent(message) {
  for (;;) {
    const now = await client.messages(message.sid).fetch();
    if (now.from) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function main() {
  const numbers = client.incomingPhoneNumbers;
  const services = client.messaging.v1.services;
  const bought = await numbers.create({ phoneNumber: "+12025550107" });
  for (let number = 0; number < 3; number += 1) await numbers.create({ areaCode: "415" });
  const listed = await numbers.list({ pageSize: 2 });
  const found = await numbers.list({ phoneNumber: "+12025550107" });

  for (let number = 0; number < 3; number += 1) await services.create({ friendlyName: `service ${number}` });
  const service = await services.create({ friendlyName: "Notes", usecase: "verification", smartEncoding: true });
  const empty = await refusal(() => client.messages.create({ to: TO, messagingServiceSid: service.sid, body: "x" }));
  const added = await services(service.sid).phoneNumbers.create({ phoneNumberSid: bought.sid });
  const again = await refusal(() => services(service.sid).phoneNumbers.create({ phoneNumberSid: bought.sid }));
  const made = await client.messages.create({ to: TO, messagingServiceSid: service.sid, body: "it’s 424242" });
  const after = await sent(made);
  const changed = await services(service.sid).update({ friendlyName: "Other" });
  const pages = await services.list({ pageSize: 3 });
  const left = await services(service.sid).phoneNumbers(bought.sid).remove();
  const senders = await services(service.sid).phoneNumbers.list();
  const removed = await services(service.sid).remove();
  const gone = await refusal(() => client.messages.create({ to: TO, messagingServiceSid: service.sid, body: "x" }));

  console.log(JSON.stringify({
    bought: [bought.phoneNumber, bought.friendlyName, bought.capabilities.sms, bought.dateCreated instanceof Date],
    listed: listed.map((one) => one.phoneNumber),
    found: found.length,
    service: [service.usecase, service.validityPeriod, service.dateCreated instanceof Date],
    empty,
    added: [added.phoneNumber, added.countryCode, added.serviceSid === service.sid],
    again,
    sent: [made.status, made.from, made.body, after.from, after.messagingServiceSid === service.sid],
    changed: changed.friendlyName,
    pages: pages.map((one) => one.friendlyName),
    left: [left, senders.length],
    removed,
    gone: gone.code,
    given: await numbers(bought.sid).remove(),
  }));
}

main();
