// The numbers that mean something, from the API's own table: to find, to read, to copy.

import { call } from "./api.js";
import { copyText } from "./clipboard.js";
import { byId, fresh } from "./dom.js";

const KINDS = { virtual: "virtual", scenario: "any provider" };

let rows = [];

const whose = (row) => row.provider ?? KINDS[row.kind];

function draw() {
  const words = byId("numbers-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) => {
    const text = `${row.number} ${row.example} ${row.means} ${row.name ?? ""} ${whose(row)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const shown = rows.filter(fits);
  byId("number-rows").replaceChildren(...shown.map(rowOf));
  byId("no-numbers").hidden = shown.length > 0 || rows.length === 0;
}

function rowOf(row) {
  const node = fresh("number-row");
  const button = node.querySelector(".copy-number");
  node.querySelector("code").textContent = row.number;
  node.querySelector(".means").textContent = row.means;
  node.querySelector(".badge").textContent = whose(row);
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${row.example}`);
  button.addEventListener("click", () => copyText(row.example, button));
  return node;
}

/** Opens the table. */
export async function showNumbers() {
  byId("help").close();
  byId("numbers").showModal();
  try {
    if (!rows.length) rows = (await call("GET", "/numbers")).numbers;
    byId("numbers-problem").hidden = true;
  } catch (problem) {
    byId("numbers-problem").textContent = problem.message;
    byId("numbers-problem").hidden = false;
  }
  draw();
}

export function watchNumbers() {
  byId("numbers-search").addEventListener("input", draw);
  for (const button of document.querySelectorAll(".numbers-open")) button.addEventListener("click", showNumbers);
}
