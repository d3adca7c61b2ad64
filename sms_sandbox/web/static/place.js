// Where the reader is: the address bar holds the filters and the open message.

const KEYS = ["to", "account", "q", "only"];

/** {to, account, q, only, id} of an address. */
export function readPlace(url = location) {
  const query = new URLSearchParams(url.search);
  const place = Object.fromEntries(KEYS.map((key) => [key, query.get(key) ?? ""]));
  // A plus that was not escaped arrives as a blank.
  place.to = place.to.replace(/^ /, "+");
  const found = /^\/messages\/([^/]+)$/.exec(url.pathname);
  place.id = found ? decodeURIComponent(found[1]) : "";
  return place;
}

/** The address of a place. */
export function placeLink(place) {
  const query = new URLSearchParams(KEYS.filter((key) => place[key]).map((key) => [key, place[key]]));
  const path = place.id ? `/messages/${encodeURIComponent(place.id)}` : "/";
  return query.size ? `${path}?${query}` : path;
}

/** The API's filters for a place: a conversation has two sides, so two of them. */
export function apiFilters(place) {
  const shared = { account: place.account, q: place.q };
  if (place.to) {
    return [
      { ...shared, to: place.to, direction: "outbound" },
      { ...shared, from: place.to, direction: "inbound" },
    ];
  }
  if (place.only === "codes") return [{ ...shared, has_code: "true" }];
  if (place.only === "replies") return [{ ...shared, direction: "inbound" }];
  return [shared];
}

const digits = (number) => number.replace(/\D/g, "") || number;

/** Whether a live message belongs here; null when only the server can tell (a search). */
export function belongs(place, message) {
  if (place.account && message.account !== place.account) return false;
  const inbound = message.direction === "inbound";
  if (place.to && digits(inbound ? message.from : message.to) !== digits(place.to)) return false;
  if (!place.to && place.only === "codes" && !message.code) return false;
  if (!place.to && place.only === "replies" && !inbound) return false;
  return place.q ? null : true;
}
