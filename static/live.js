/*
 * The live connection: one stream per browser, login session and language, for any number of tabs.
 *
 * This one file plays three parts. As a SharedWorker it owns the stream and tells every tab over
 * a BroadcastChannel. In a page it listens there and fires DOM events. In Node it hands its
 * transport to the tests. Where there is no SharedWorker, each visible page connects by itself.
 *
 * Events on #live, at once:    stream:<message>  {data, id, old}   ·   live:state {state, mode}
 * Events on body, when seen:   live:<message>  ·  live:resync, live:resync-inbox, live:resync-live
 */
(() => {
  'use strict';

  /** All in milliseconds. */
  const TIMINGS = {
    firstByte: 10000, // a stream that says nothing for so long is held back by a proxy
    watchdog: 40000, // the server's heartbeat comes every 15 s
    wakeful: 20000, // the same, when somebody has just come back to look
    check: 5000,
    backoffBase: 1000,
    backoffLeast: 250,
    backoffMost: 60000,
    stable: 10000, // a stream that lives so long was a success
    poll: 30000,
    retryStream: 600000, // a network that polls is asked for a stream again after this
    answer: 4000, // how long a page waits for its worker
  };

  /** Milliseconds that only go on, whatever is done to the clock. */
  const ticks = () => performance.now();

  /* ---- Server-Sent Events ------------------------------------------------------------------ */

  /** Bytes in, messages out. Lines may end in LF, CR or CRLF, and chunks anywhere. */
  function createParser(onMessage, onRetry) {
    const decoder = new TextDecoder();
    let rest = '';
    let endedInCR = false;
    let message = { name: '', id: null, data: [] };

    function complete() {
      const { name, id, data } = message;
      message = { name: '', id: null, data: [] };
      if (data.length || id !== null) onMessage({ name: name || 'message', id, text: data.join('\n') });
    }

    function line(text) {
      if (text === '') return complete();
      const colon = text.indexOf(':');
      if (colon === 0) return; // a comment
      const field = colon < 0 ? text : text.slice(0, colon);
      const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
      if (field === 'event') message.name = value;
      else if (field === 'data') message.data.push(value);
      else if (field === 'id' && !value.includes('\0')) message.id = value;
      else if (field === 'retry' && /^\d+$/.test(value)) onRetry(Number(value));
    }

    return bytes => {
      let text = decoder.decode(bytes, { stream: true });
      if (!text) return;
      if (endedInCR && text[0] === '\n') text = text.slice(1);
      endedInCR = text ? text.endsWith('\r') : false;
      const lines = (rest + text).split(/\r\n|\r|\n/);
      rest = lines.pop();
      lines.forEach(line);
    };
  }

  /** Whether cursor `a` (`<epoch>-<seq>`) lies beyond `b`. Of two epochs, the other is news. */
  function isNewer(a, b) {
    if (!a || a === b) return false;
    if (!b) return true;
    const [here, there] = [a, b].map(id => [id.slice(0, id.lastIndexOf('-')), seqOf(id)]);
    return here[0] !== there[0] || here[1] > there[1];
  }

  function seqOf(id) {
    return Number(id.slice(id.lastIndexOf('-') + 1));
  }

  /* ---- Transport --------------------------------------------------------------------------- */

  /**
   * Keeps one stream open, or polls where streams are held back.
   *
   * States: idle, connecting, live, waiting, auth (sign in again), closed (told to stop).
   * `onMessages` gets [{name, id, data, old}]; `old`: it was there before this connection. A hello's
   * `clock`: milliseconds by which the server's is ahead of ours.
   */
  function createTransport(options) {
    const { url, tag = '', onMessages, onState = () => {} } = options;
    const fetch = options.fetch || globalThis.fetch.bind(globalThis);
    const t = { ...TIMINGS, ...options.timings };
    let state = 'idle';
    let mode = 'sse';
    let lastId = options.lastId || '';
    let signal = ''; // where live messages stand, for the next poll
    let generation = 0; // a connection that is no longer the newest must not touch anything
    let abort = null;
    let timer = null;
    let attempts = 0;
    let silences = 0; // streams in a row without a first byte
    let greeted = false;
    let headSeq = 0; // what came before this connection has at most this number
    let signedOut = false;
    let cut = false; // the last connection ended without a goodbye, after it had said hello
    let streamAgainAt = 0;
    let pollsFailed = false;
    let notBefore = 0; // what Retry-After asked for
    let startedAt = 0;
    let lastByte = { ticks: 0, date: 0 };

    function setState(next, nextMode = mode) {
      if (state === next && mode === nextMode) return;
      state = next;
      mode = nextMode;
      onState({ state, mode, poll: t.poll });
    }

    /** One clock may stand still while the machine sleeps, the other be set: either way, ask again. */
    function quiet() {
      return Math.max(ticks() - lastByte.ticks, Math.abs(Date.now() - lastByte.date));
    }

    function address() {
      const query = new URLSearchParams();
      if (tag) query.set('tag', tag);
      if (lastId) query.set('last_event_id', lastId);
      if (cut) query.set('again', '1');
      if (mode === 'poll') query.set('poll', '1');
      if (mode === 'poll' && signal) query.set('signal', signal);
      return `${url}?${query}`;
    }

    function drop() {
      generation += 1;
      clearTimeout(timer);
      if (abort) abort.abort();
      abort = null;
    }

    async function connect() {
      drop();
      const own = generation;
      const stopped = () => own !== generation;
      abort = new AbortController();
      startedAt = ticks();
      if (!(mode === 'poll' && state === 'live')) setState('connecting');
      const end = await converse(abort, stopped);
      if (!stopped()) goOn(end);
    }

    /** One request from beginning to end; how it ended. */
    async function converse(own, stopped) {
      const polls = mode === 'poll';
      let end = { kind: 'failed' };
      let steady = null;
      const giveUp = kind => {
        end = { kind };
        own.abort();
      };
      const silent = setTimeout(giveUp, t.firstByte, 'silent');
      const watch = setInterval(() => {
        if (lastByte.ticks >= startedAt && quiet() > t.watchdog) giveUp('stalled');
      }, t.check);
      let retry = null;
      try {
        const response = await fetch(address(), {
          headers: { Accept: 'text/event-stream' },
          cache: 'no-store',
          credentials: 'same-origin',
          redirect: 'manual',
          signal: own.signal,
        });
        const verdict = judge(response, polls);
        if (verdict) {
          own.abort(); // whatever its body is, nobody will read it
          return verdict;
        }
        const batch = [];
        const parse = createParser(message => accept(message, batch, polls), ms => { retry = ms; });
        const reader = response.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (stopped()) return end;
          if (done) return { kind: 'ended', retry, polls };
          lastByte = { ticks: ticks(), date: Date.now() };
          if (!steady && !polls) {
            clearTimeout(silent);
            silences = 0;
            setState('live');
            steady = setTimeout(() => { attempts = 0; }, t.stable);
          }
          parse(value);
          if (batch.length) onMessages(batch.splice(0));
        }
      } catch {
        return end;
      } finally {
        clearTimeout(silent);
        clearTimeout(steady);
        clearInterval(watch);
      }
    }

    /** What a status means; nothing for an answer worth reading. */
    function judge(response, polls) {
      const { status, type } = response;
      if (type === 'opaqueredirect' || (status >= 300 && status < 400)) return { kind: 'auth' };
      if (status === 401 || status === 403) return { kind: 'auth' };
      if (status === 410 || (status === 204 && !polls)) return { kind: 'closed' };
      if (status === 204) return { kind: 'ended', polls };
      const found = response.headers.get('Content-Type') || '';
      if (status === 200 && found.startsWith('text/event-stream')) return null;
      return { kind: 'failed', after: secondsOf(response.headers) };
    }

    /** What Retry-After asks for; a date is one by the server's clock. */
    function secondsOf(headers) {
      const header = headers.get('Retry-After');
      if (!header) return 0;
      const sent = Date.parse(headers.get('Date')) || Date.now();
      const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - sent) / 1000;
      return Math.min(Math.max(seconds || 0, 0), 3600);
    }

    function accept({ name, id, text }, batch, polls) {
      if (!text) {
        // An id by itself: the server has said all it had to before it calls a new cursor good.
        if (id) lastId = id;
        return;
      }
      let data;
      try {
        data = JSON.parse(text);
      } catch {
        return;
      }
      const item = { name, id, data, old: false };
      if (name === 'hello') {
        // The server says from where it serves: our cursor, or another one with a resync to follow.
        item.gap = greeted && !polls;
        item.moved = lastId !== '' && id !== lastId;
        item.clock = Date.parse(data.timestamp) - Date.now();
        greeted = true;
        cut = !polls;
        signal = data.signal === undefined ? '' : String(data.signal);
        headSeq = Number(data.seq) || 0;
        if (id) lastId = id;
      } else if (id) {
        if (!isNewer(id, lastId)) return;
        lastId = id;
        item.old = seqOf(id) <= headSeq;
      } else if (name === 'bye') {
        signedOut = data.reason === 'signed_out';
        cut = false;
      }
      batch.push(item);
    }

    function goOn(end) {
      const bye = signedOut;
      signedOut = false;
      if (end.kind === 'auth' || end.kind === 'closed') return setState(end.kind);
      if (end.kind === 'ended' && end.polls) return waitForPoll();
      if (mode === 'poll') pollsFailed = true;
      if (end.kind === 'silent' && mode === 'sse' && (silences += 1) >= 2) return startPolling();
      if (end.after) notBefore = ticks() + end.after * 1000 * (1 + Math.random() / 2);
      wait(bye && attempts === 0 ? againAtOnce() : pause(end.retry));
    }

    /** Full jitter; an orderly end after a good while waits as long as the server asked for. */
    function pause(retry) {
      const orderly = attempts === 0 && retry;
      const most = Math.min(t.backoffMost, t.backoffBase * 2 ** attempts);
      attempts += 1;
      if (orderly) return retry * (0.5 + Math.random());
      return Math.max(t.backoffLeast, Math.random() * most);
    }

    function againAtOnce() {
      attempts += 1;
      return Math.random() * t.backoffLeast;
    }

    function wait(ms) {
      setState('waiting');
      timer = setTimeout(connect, Math.max(ms, notBefore - ticks()));
    }

    function waitForPoll() {
      attempts = 0;
      if (pollsFailed) streamAgainAt = 0; // the network was gone: perhaps streams were never held back
      pollsFailed = false;
      setState('live');
      timer = setTimeout(() => {
        if (ticks() >= streamAgainAt) tryStream();
        connect();
      }, t.poll * (0.95 + Math.random() / 10));
    }

    function startPolling() {
      streamAgainAt = ticks() + t.retryStream;
      setState('connecting', 'poll');
      connect();
    }

    function tryStream() {
      silences = 1; // one more silence and it polls again
      setState('connecting', 'sse');
    }

    return {
      get state() { return state; },
      get mode() { return mode; },
      get lastId() { return lastId; },
      timings: t,

      /** Connects if it never has; `id`: the cursor of the page that asks, good for the first. */
      start(id) {
        if (!lastId && id) lastId = id;
        if (state === 'idle') connect();
      },

      stop() {
        drop();
        setState('idle');
      },

      /** Somebody looks: make sure of the connection. `force` asks again after `auth` or `closed`. */
      wake(force = false) {
        const soon = ticks() - startedAt < t.backoffLeast || ticks() < notBefore;
        if (state === 'auth' || state === 'closed') return force && !soon ? connect() : undefined;
        if (state === 'waiting' && !soon) return connect();
        if (state === 'live' && mode === 'poll' && quiet() > 1000) return connect();
        if (state === 'live' && mode === 'sse' && quiet() > t.wakeful) return connect();
      },

      /** We have just changed something: who polls looks at once. */
      poke() {
        if (state === 'live' && mode === 'poll') connect();
      },
    };
  }

  /* ---- Worker ------------------------------------------------------------------------------ */

  function runWorker(scope) {
    const query = new URLSearchParams(scope.location.search);
    const tag = query.get('s') || '';
    const instance = Math.random().toString(36).slice(2);
    const channel = new BroadcastChannel(channelName(tag, query.get('l')));
    let unread = null;
    const transport = createTransport({
      url: query.get('u'),
      tag,
      timings: JSON.parse(query.get('c') || '{}'),
      onMessages(messages) {
        for (const { name, data } of messages) {
          if (name === 'unread' || (name === 'hello' && data.badge)) unread = asUnread(data);
        }
        channel.postMessage({ instance, messages });
      },
      onState: state => channel.postMessage({ instance, state }),
    });
    const { poll } = transport.timings;

    scope.onconnect = ({ ports: [port] }) => {
      port.onmessage = ({ data: asked }) => {
        if (asked.poke) return transport.poke();
        transport.start(asked.hello);
        transport.wake(asked.fresh);
        const { state, mode, lastId } = transport;
        port.postMessage({ instance, state: { state, mode, poll }, lastId, unread });
      };
    };
  }

  /** A session's tabs, by language: what the stream says is said in its reader's words. */
  function channelName(tag, language) {
    return `live-${tag}-${language}`;
  }

  function asUnread({ count, unread, rev, badge }) {
    return { count: count === undefined ? unread : count, rev, badge };
  }

  /* ---- Page -------------------------------------------------------------------------------- */

  function runPage(place) {
    const { url, tag, worker: script } = place.dataset;
    const language = document.documentElement.lang;
    const timings = JSON.parse(place.dataset.timings || '{}');
    const t = { ...TIMINGS, ...timings };
    const unseen = new Set(); // what happened while hidden
    let seen = place.dataset.id;
    let rev = Number(place.dataset.rev);
    let channel = null;
    let port = null;
    let instance = null; // the worker that answered us; another one's messages are not ours
    let answerTimer = null;
    let failures = 0;
    let direct = null;
    let restored = false;
    let listening = false;

    function fire(target, name, detail) {
      target.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
    }

    /** To the regions of the page; a hidden page catches up when it is looked at. */
    function tell(name, detail) {
      if (document.hidden) unseen.add(name);
      else fire(document.body, name, detail);
    }

    function catchUp() {
      const names = [...unseen];
      unseen.clear();
      names.forEach(name => fire(document.body, name, { late: true }));
    }

    function resync(scope = 'all') {
      if (scope !== 'live') tell('live:resync-inbox', { scope });
      if (scope !== 'inbox') tell('live:resync-live', { scope });
      tell('live:resync', { scope });
    }

    function receive(messages) {
      messages.forEach(receiveOne);
    }

    function receiveOne(message) {
      const { name, id, data } = message;
      if (name === 'notification') {
        if (!isNewer(id, seen)) return;
        seen = id;
      }
      if (name === 'hello') return greet(message);
      if (data && data.rev !== undefined) rev = data.rev;
      fire(place, `stream:${name}`, message);
      if (name === 'resync') resync(data.scope);
      else if (name !== 'unread' && name !== 'bye') tell(`live:${name}`, data);
    }

    function greet({ id, data, gap, moved, clock }) {
      if (moved) seen = id;
      fire(place, 'stream:hello', { data, clock });
      if (data.badge) fire(place, 'stream:unread', { data: asUnread(data) });
      if (data.rev !== rev) resync('inbox'); // read or deleted elsewhere meanwhile
      rev = data.rev;
      if (gap) resync('live');
      else closeFirstGap();
    }

    /** Live messages are not kept: what happened between rendering and listening is asked for. */
    function closeFirstGap() {
      if (listening) return;
      listening = true;
      resync('live');
    }

    function show(state) {
      Object.assign(place.dataset, { state: state.state, mode: state.mode });
      fire(place, 'live:state', state);
    }

    function openChannel() {
      channel = new BroadcastChannel(channelName(tag, language));
      channel.onmessage = ({ data }) => {
        if (instance && data.instance !== instance) return;
        if (data.state) show(data.state);
        else receive(data.messages);
      };
    }

    function startWorker() {
      try {
        const query = new URLSearchParams({ u: url, s: tag, l: language, n: failures, c: JSON.stringify(timings) });
        const worker = new SharedWorker(`${script}&${query}`);
        worker.onerror = goDirect;
        port = worker.port;
        port.onmessage = ({ data }) => answered(data);
        hello(true);
      } catch {
        goDirect();
      }
    }

    /** Tells the worker where this page stands, and hears where the stream stands. */
    function hello(fresh = false) {
      if (direct) return document.hidden ? undefined : wakeDirect(fresh);
      port.postMessage({ hello: seen, fresh });
      clearTimeout(answerTimer);
      answerTimer = setTimeout(noAnswer, t.answer);
    }

    function answered(answer) {
      if (direct) return; // too late
      clearTimeout(answerTimer);
      failures = 0;
      instance = answer.instance;
      show(answer.state);
      if (answer.state.state === 'auth' && restored) return location.reload();
      if (answer.state.state === 'live') closeFirstGap();
      if (isNewer(answer.lastId, seen)) {
        seen = answer.lastId;
        resync('inbox');
      }
      if (answer.unread && answer.lastId === seen && answer.unread.rev >= rev) {
        fire(place, 'stream:unread', { data: answer.unread });
      }
    }

    function noAnswer() {
      if (document.hidden) return; // asked again when it is looked at
      failures += 1;
      instance = null;
      if (failures < 3) startWorker();
      else goDirect();
    }

    function goDirect() {
      if (direct) return;
      clearTimeout(answerTimer);
      if (channel) channel.close(); // a worker that comes round later would say everything twice
      direct = createTransport({ url, tag, lastId: seen, timings, onMessages: receive, onState: show });
      if (!document.hidden) direct.start();
    }

    function wakeDirect(fresh) {
      direct.start();
      direct.wake(fresh);
    }

    function looked() {
      if (document.hidden) {
        if (direct) direct.stop();
        return;
      }
      catchUp();
      hello();
    }

    if (place.dataset.off) { // its reader wants pages that stand still
      window.live = { poke() {}, once: (_id, effect) => effect() };
      return show({ state: 'off', mode: '' });
    }
    document.addEventListener('visibilitychange', looked);
    document.addEventListener('resume', () => hello());
    window.addEventListener('online', () => hello());
    window.addEventListener('pagehide', () => {
      if (channel) channel.close(); // an open one keeps the page out of the back/forward cache
      if (direct) direct.stop();
    });
    window.addEventListener('pageshow', event => {
      if (!event.persisted) return;
      restored = true;
      if (!direct) openChannel();
      hello();
      resync();
    });

    window.live = {
      poke: () => (direct ? direct.poke() : port.postMessage({ poke: true })),

      /** Runs `effect` in one tab only: for sounds and the system's own notifications. */
      once(id, effect) {
        if (!navigator.locks) return effect();
        const hold = lock => lock && (effect(), new Promise(done => setTimeout(done, 2000)));
        return navigator.locks.request(`live-${id}`, { ifAvailable: true }, hold);
      },
    };

    if (typeof SharedWorker === 'undefined' || typeof BroadcastChannel === 'undefined') goDirect();
    else {
      openChannel();
      startWorker();
    }
  }

  if (typeof module !== 'undefined') module.exports = { createParser, createTransport, isNewer, TIMINGS };
  else if (typeof document === 'undefined') runWorker(globalThis);
  else if (document.getElementById('live')) {
    // Not before everybody who listens is there: other deferred scripts may still be loading.
    const start = () => runPage(document.getElementById('live'));
    if (document.readyState === 'complete') start();
    else document.addEventListener('DOMContentLoaded', start, { once: true });
  }
})();
