// The first run: one press sends a message the way an app would.

import { call } from "./api.js";

const NUMBER = "+12015550123"; // from the range kept for fiction

/** Sends a login message with a random code to a number that nobody has. */
export async function sendTest(account) {
  const code = String(crypto.getRandomValues(new Uint32Array(1))[0] % 1000000).padStart(6, "0");
  const body = `Your code to sign in to Notes is ${code}. Valid for 5 minutes. Never share it with anyone.`;
  const message = { to: NUMBER, from: "Notes", body };
  await call("POST", "/messages", account ? { ...message, account } : message);
}
