// What a vendor's callbacks are received by.

const http = require("node:http");

/** `done` becomes what `judge(request, url, body)` made of the first `wanted` requests. */
function receive(wanted, judge) {
  const made = [];
  let settle;
  const done = new Promise((resolve) => { settle = resolve; });
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      response.writeHead(200).end();
      const url = `http://${request.headers.host}${request.url}`;
      made.push(await judge(request, url, Buffer.concat(chunks)));
      if (made.length === wanted) settle(made);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}`, done, close: () => server.close() });
    });
  });
}

module.exports = { receive };
