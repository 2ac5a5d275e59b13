/** The connection comes back from everything, resumes exactly, and knows when to stop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END, connected, hello, message, notification, pause, scripted, status, stream, until } from './scripted.mjs';

const silent = () => {}; // a proxy that holds everything back

test('a stream is asked for with the session tag and the cursor of the page', async t => {
  const server = await scripted(t, stream(hello('k-4'), notification('k-5')));
  const { transport, told } = connected(t, server.url, { id: 'k-4' });
  await until(() => told.messages.length === 2);
  assert.deepEqual(server.requests[0].query, { tag: 'tag', last_event_id: 'k-4' });
  assert.deepEqual(told.names, ['hello', 'notification']);
  assert.deepEqual(told.states, ['connecting', 'live']);
  assert.equal(transport.lastId, 'k-5');
});

test('after a cut it resumes from the last whole message', async t => {
  const half = notification('k-6').slice(0, -1);
  const server = await scripted(t, stream(hello('k-4'), notification('k-5'), half, END), stream(hello('k-5')));
  const { told } = connected(t, server.url, { id: 'k-4' });
  await until(() => server.requests.length === 2);
  assert.equal(server.requests[1].query.last_event_id, 'k-5');
  await until(() => told.messages.length === 3);
  assert.equal(told.messages[2].gap, true, 'live messages may have been missed');
});

test('what was seen is not told again', async t => {
  const server = await scripted(t, stream(hello('k-4'), ...['k-5', 'k-5', 'k-4', 'k-6'].map(notification)));
  const { told } = connected(t, server.url, { id: 'k-4' });
  await until(() => told.messages.length >= 3);
  await pause(20);
  assert.deepEqual(told.messages.map(one => one.id), ['k-4', 'k-5', 'k-6']);
});

test('a notification that was waiting is told from one that has just come', async t => {
  const server = await scripted(t, stream(hello('k-4', { seq: 5 }), notification('k-5'), notification('k-6')));
  const { told } = connected(t, server.url, { id: 'k-4' });
  await until(() => told.messages.length === 3);
  assert.deepEqual(told.messages.map(one => one.old), [false, true, false]);
});

test('when the server serves from elsewhere, that is where we are', async t => {
  const server = await scripted(t, stream(hello('new-2'), message('resync', { scope: 'all' }), notification('new-3')));
  const { transport, told } = connected(t, server.url, { id: 'old-900' });
  await until(() => told.messages.length === 3);
  assert.equal(told.messages[0].moved, true);
  assert.equal(transport.lastId, 'new-3');
});

test('an id by itself is where we are from then on, and nothing to tell', async t => {
  const lost = stream(hello('new-02'), message('resync', { scope: 'all' }), 'id: new-2\n\n', END);
  const server = await scripted(t, lost, stream(hello('new-2')));
  const { told } = connected(t, server.url, { id: 'old-900' });
  await until(() => server.requests.length === 2);
  assert.equal(server.requests[1].query.last_event_id, 'new-2');
  assert.deepEqual(told.names.slice(0, 2), ['hello', 'resync']);
  await until(() => told.names.length === 3);
  assert.equal(told.messages[2].moved, false);
});

test('a server that accepts and drops is asked ever more slowly', async t => {
  const server = await scripted(t, stream(hello('k-1'), END));
  connected(t, server.url, { timings: { backoffBase: 40 } });
  await pause(1500);
  assert.ok(server.requests.length >= 3 && server.requests.length <= 12, `${server.requests.length} requests`);
});

test('an orderly end waits about as long as the server asked for', async t => {
  const server = await scripted(t, stream('retry: 200\n\n', hello('k-1'), END), stream(hello('k-1')));
  connected(t, server.url);
  await until(() => server.requests.length === 2);
  const waited = server.requests[1].at - server.requests[0].at;
  assert.ok(waited >= 95 && waited < 450, `${waited} ms`);
});

for (const code of [429, 503]) {
  test(`${code} is asked again, not before Retry-After`, async t => {
    const server = await scripted(t, status(code, { 'Retry-After': '1' }), stream(hello('k-1')));
    const { transport, told } = connected(t, server.url);
    await until(() => transport.state === 'waiting');
    transport.wake();
    await until(() => told.states.includes('live'));
    assert.ok(server.requests[1].at - server.requests[0].at >= 990);
  });
}

for (const [name, step] of [
  ['401', status(401)],
  ['403', status(403)],
  ['a redirect to the sign-in page', status(302, { Location: '/login' })],
]) {
  test(`${name} means signed out: nothing more is asked`, async t => {
    const server = await scripted(t, step);
    const { transport } = connected(t, server.url);
    await until(() => transport.state === 'auth');
    transport.wake();
    await pause(100);
    assert.equal(server.requests.length, 1);
    transport.wake(true); // a page has just been loaded: perhaps somebody has signed in
    await until(() => server.requests.length === 2);
  });
}

for (const code of [410, 204]) {
  test(`${code} means stop`, async t => {
    const server = await scripted(t, status(code));
    const { transport } = connected(t, server.url);
    await until(() => transport.state === 'closed');
    transport.wake();
    await pause(100);
    assert.equal(server.requests.length, 1);
  });
}

test('a page where a stream should be is no stream', async t => {
  const page = (_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>');
  const server = await scripted(t, page, stream(hello('k-1')));
  const { told } = connected(t, server.url);
  await until(() => told.states.includes('live'));
  assert.deepEqual(told.states, ['connecting', 'waiting', 'connecting', 'live']);
});

test('a stream that falls silent is left; a heartbeat keeps it', async t => {
  const beats = (_request, response) => {
    stream(hello('k-1'))(_request, response);
    const beat = setInterval(() => response.write(': hb\n\n'), 30);
    response.on('close', () => clearInterval(beat));
  };
  const server = await scripted(t, stream(hello('k-1')), beats);
  connected(t, server.url, { timings: { watchdog: 120 } });
  await until(() => server.requests.length === 2);
  await pause(300);
  assert.equal(server.requests.length, 2);
});

test('two streams without a first byte mean polling', async t => {
  const answer = stream(hello('k-4', { signal: '77' }), notification('k-5'), END);
  const server = await scripted(t, silent, silent, answer, stream(hello('k-5', { signal: '78' }), END));
  const { told } = connected(t, server.url, { id: 'k-4', timings: { firstByte: 40, poll: 60 } });
  await until(() => server.requests.length >= 5);
  const [, , first, second] = server.requests.map(one => one.query);
  assert.deepEqual(first, { tag: 'tag', last_event_id: 'k-4', poll: '1' });
  assert.deepEqual(second, { tag: 'tag', last_event_id: 'k-5', poll: '1', signal: '77' });
  assert.equal(told.names.filter(name => name === 'notification').length, 1);
  assert.equal(told.states.at(-1), 'live/poll');
});

test('who polls asks for a stream again later, and stays with it when it works', async t => {
  const poll = stream(hello('k-1'), END);
  const server = await scripted(t, silent, silent, poll, poll, stream(hello('k-1')));
  const { transport } = connected(t, server.url, { timings: { firstByte: 40, poll: 30, retryStream: 50 } });
  await until(() => transport.state === 'live' && transport.mode === 'sse');
  assert.equal(server.requests.at(-1).query.poll, undefined);
});

test('who polls and has changed something looks at once', async t => {
  const poll = stream(hello('k-1'), END);
  const server = await scripted(t, silent, silent, poll);
  const { transport } = connected(t, server.url, { timings: { firstByte: 40, poll: 60000 } });
  await until(() => transport.mode === 'poll' && transport.state === 'live');
  transport.poke();
  await until(() => server.requests.length === 4);
});

test('a network that was gone is not taken for a proxy that holds streams back', async t => {
  const server = await scripted(t, silent, silent, silent, stream(hello('k-1'), END), stream(hello('k-1')));
  const { transport } = connected(t, server.url, { timings: { firstByte: 40, poll: 40 } });
  await until(() => transport.state === 'live' && transport.mode === 'sse');
});

test('somebody who looks does not wait for the back-off', async t => {
  const server = await scripted(t, status(500), stream(hello('k-1')));
  const { transport } = connected(t, server.url, { timings: { backoffBase: 60000, backoffLeast: 10 } });
  await until(() => transport.state === 'waiting');
  await pause(20);
  transport.wake();
  await until(() => transport.state === 'live');
});

test('somebody who looks after a long silence gets a new connection', async t => {
  const server = await scripted(t, stream(hello('k-1')));
  const { transport } = connected(t, server.url, { timings: { wakeful: 50 } });
  await until(() => transport.state === 'live');
  transport.wake();
  assert.equal(server.requests.length, 1);
  await pause(80);
  transport.wake();
  await until(() => server.requests.length === 2);
});

const DAY = 86400000;

for (const [name, days] of [['forward', 1], ['back', -1]]) {
  test(`a clock that is set ${name} by a day costs one new connection, and nothing is missed`, async t => {
    const server = await scripted(t, stream(hello('k-1')), stream(hello('k-1'), notification('k-2')));
    const { told } = connected(t, server.url);
    await until(() => told.messages.length === 1);
    setClock(t, days * DAY);
    await until(() => told.names.includes('notification'));
    await pause(100);
    assert.equal(server.requests.length, 2);
    assert.equal(server.requests[1].query.last_event_id, 'k-1');
  });
}

test('a clock that is set back does not make a pause longer', async t => {
  const server = await scripted(t, status(503, { 'Retry-After': '1' }), status(503), stream(hello('k-1')));
  const { transport } = connected(t, server.url);
  await until(() => transport.state === 'waiting');
  setClock(t, -DAY);
  await until(() => transport.state === 'live');
});

test('until when to wait is reckoned by the clock of the server', async t => {
  const at = seconds => new Date(Date.now() - DAY + seconds * 1000).toUTCString();
  const busy = (_request, response) => status(503, { Date: at(0), 'Retry-After': at(1) })(_request, response);
  const server = await scripted(t, busy, stream(hello('k-1')));
  const { transport } = connected(t, server.url);
  await until(() => transport.state === 'live');
  assert.ok(server.requests[1].at - server.requests[0].at >= 990);
});

test('a hello says how far the clock of the server is ahead', async t => {
  const timestamp = new Date(Date.now() + DAY).toISOString();
  const server = await scripted(t, stream(hello('k-1', { timestamp })));
  const { told } = connected(t, server.url);
  await until(() => told.messages.length === 1);
  assert.ok(Math.abs(told.messages[0].clock - DAY) < 1000);
});

/** For the rest of the test, as when somebody sets the clock of the machine. */
function setClock(t, ms) {
  const now = Date.now;
  t.mock.method(Date, 'now', () => now.call(Date) + ms);
}

test('a session that ends is noticed at once', async t => {
  const server = await scripted(t, stream('retry: 60000\n\n', hello('k-1'), message('bye', { reason: 'signed_out' }), END), status(401));
  const { transport } = connected(t, server.url);
  await until(() => transport.state === 'auth');
  assert.equal(server.requests.length, 2);
});

test('what arrives after stop is not told', async t => {
  let late;
  const server = await scripted(t, (_request, response) => {
    stream(hello('k-1'))(_request, response);
    late = response;
  });
  const { transport, told } = connected(t, server.url);
  await until(() => transport.state === 'live');
  transport.stop();
  late.write(notification('k-2'));
  await pause(30);
  assert.deepEqual(told.names, ['hello']);
  assert.equal(transport.state, 'idle');
  await until(() => server.open.size === 0);
});

test('data that is no JSON is passed over', async t => {
  const server = await scripted(t, stream(hello('k-1'), 'event: notification\nid: k-2\ndata: {\n\n', notification('k-3')));
  const { told } = connected(t, server.url);
  await until(() => told.messages.length === 2);
  assert.deepEqual(told.messages.map(one => one.id), ['k-1', 'k-3']);
});
