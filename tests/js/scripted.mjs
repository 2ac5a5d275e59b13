/** A server on loopback that answers each request by the next step of a script, and remembers it. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';

export const live = createRequire(import.meta.url)('../../static/live.js');

/** Every step is (request, response, query) => …; the last one answers whatever comes after. */
export async function scripted(test, ...steps) {
  const requests = [];
  const open = new Set();
  const server = createServer((request, response) => {
    const query = new URL(request.url, 'http://here').searchParams;
    requests.push({ at: Date.now(), query: Object.fromEntries(query), headers: request.headers });
    open.add(response);
    response.on('close', () => open.delete(response));
    steps[Math.min(requests.length, steps.length) - 1](request, response, query);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    open.forEach(response => response.destroy());
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/stream`, requests, open };
}

/** A step that begins a stream and writes these pieces; it stays open unless told to end. */
export function stream(...pieces) {
  return (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    pieces.forEach(piece => (piece === END ? response.end() : response.write(piece)));
  };
}
export const END = Symbol('the server ends the stream');

/** A step that answers with a status alone. */
export function status(code, headers = {}) {
  return (_request, response) => response.writeHead(code, headers).end();
}

export function hello(id, facts = {}) {
  const seq = Number(id.slice(id.lastIndexOf('-') + 1));
  return message('hello', { seq, unread: 0, rev: 1, ...facts }, id);
}

export function notification(id) {
  return message('notification', { seq: Number(id.slice(id.lastIndexOf('-') + 1)) }, id);
}

export function message(name, data, id) {
  return `event: ${name}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
}

/** A transport with times a test can wait for, and what it told. */
export function connected(test, url, options = {}) {
  const told = { messages: [], states: [], get names() { return this.messages.map(one => one.name); } };
  const transport = live.createTransport({
    url,
    tag: 'tag',
    onMessages: messages => told.messages.push(...messages),
    onState: ({ state, mode }) => told.states.push(mode === 'poll' ? `${state}/poll` : state),
    ...options,
    timings: { backoffBase: 20, backoffLeast: 5, check: 10, ...options.timings },
  });
  test.after(() => transport.stop());
  transport.start(options.id);
  return { transport, told };
}

/** Waits for a fact; fails when it does not come true in two seconds. */
export async function until(fact, what = fact.toString()) {
  const deadline = performance.now() + 2000;
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`never true: ${what}`);
    await new Promise(done => setTimeout(done, 5));
  }
}

export const pause = ms => new Promise(done => setTimeout(done, ms));
