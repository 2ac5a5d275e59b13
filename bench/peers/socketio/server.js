// Socket.IO as a peer of the benchmark: everybody joins one room, a POST emits an array to it.
"use strict";

const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    for (const event of JSON.parse(Buffer.concat(parts))) {
      io.to("everyone").emit("notification", event);
    }
    response.setHeader("Content-Length", 0);
    response.end();
  });
});

const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  pingInterval: 600_000,
  httpCompression: false,
  perMessageDeflate: false,
});
io.on("connection", (socket) => socket.join("everyone"));

http.keepAliveTimeout = 600_000;
http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
process.on("SIGTERM", () => process.exit(0));
