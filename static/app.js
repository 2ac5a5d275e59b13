/*
 * What the page does with what live.js hears: badge, toasts, rows, panel, times, words.
 * Everything works without it too; links and forms are real.
 */
(() => {
  'use strict';

  const place = document.getElementById('live');
  const words = document.getElementById('words').dataset;
  const root = document.documentElement;
  const byId = id => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const clockOffset = Date.parse(root.dataset.now) - Date.now(); // the server's clock is right
  const now = () => Date.now() + clockOffset;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
  const fragment = html => {
    const template = document.createElement('template');
    template.innerHTML = html; // rendered by our server, with everything in it escaped
    return template.content.firstElementChild;
  };

  /* ---- Badge, title, favicon --------------------------------------------------------------- */

  const title = document.title.replace(/^\(\d+\+?\) /, '');

  place.addEventListener('stream:unread', ({ detail: { data } }) => {
    if (data.badge) byId('bell-badge').replaceWith(fragment(data.badge));
    showCount(data.count);
  });

  function showCount(count) {
    document.title = count ? `(${count > 99 ? '99+' : count}) ${title}` : title;
    const icon = byId('favicon');
    icon.href = count ? icon.dataset.some : icon.dataset.none;
    if (navigator.setAppBadge) navigator.setAppBadge(count).catch(() => {});
  }

  /* ---- The connection, in words ------------------------------------------------------------ */

  const GRACE = 3000; // a connection that heals within this time is not worth a word
  const GIVEN_UP = 30000;
  let graceTimers = [];

  place.addEventListener('live:state', ({ detail }) => showState(detail));
  window.addEventListener('offline', () => say('offline'));

  function showState({ state, mode, poll }) {
    if (state === 'idle') return; // nobody looks
    const shown = state === 'live' ? (mode === 'poll' ? 'poll' : 'live') : state;
    const troubled = place.dataset.shown === 'waiting' || place.dataset.shown === 'offline';
    if (shown === 'connecting' || shown === 'waiting') {
      if (graceTimers.length || troubled) return;
      const first = place.dataset.shown ? 'waiting' : 'connecting';
      graceTimers = [setTimeout(say, GRACE, first), setTimeout(say, GIVEN_UP, 'offline')];
      return;
    }
    graceTimers.forEach(clearTimeout);
    graceTimers = [];
    say(shown === 'closed' ? 'offline' : shown, poll);
  }

  function say(shown, poll) {
    if (shown === 'waiting' && navigator.onLine === false) shown = 'offline';
    const text = fill(place.dataset[shown], { seconds: Math.round(poll / 1000) });
    place.dataset.shown = shown;
    place.hidden = false;
    place.title = text;
    place.querySelector('.live-words').textContent = text;
    const signIn = place.querySelector('.live-sign-in');
    signIn.hidden = shown !== 'auth';
    signIn.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    if (shown === 'auth' || shown === 'offline') announce(text);
  }

  /* ---- Announcements for those who listen -------------------------------------------------- */

  const ANNOUNCE_AFTER = 800;
  const ANNOUNCE_EVERY = 10000;
  let arrived = [];
  let arrivalTimer = null;
  let announcedAt = 0;

  function announce(text) {
    byId('announcer').textContent = text;
  }

  function announceArrival(text) {
    arrived.push(text);
    if (arrivalTimer) return;
    const due = Math.max(ANNOUNCE_AFTER, announcedAt + ANNOUNCE_EVERY - Date.now());
    arrivalTimer = setTimeout(() => {
      const [first] = arrived;
      const count = arrived.length;
      announce(count === 1 ? fill(words.announceOne, { title: first }) : fill(words.announceMany, { count }));
      announcedAt = Date.now();
      arrived = [];
      arrivalTimer = null;
    }, due);
  }

  /* ---- Toasts ------------------------------------------------------------------------------ */

  const MOST_TOASTS = 3;
  const FRESH = 60000;
  const TICK = 200;
  const toasts = byId('toasts');
  const remaining = new Map(); // toast → milliseconds left; those with actions are not in here
  let more = null;
  let hidden = 0; // how many notifications the "more" toast stands for
  let ticker = null;

  function toastFor({ data, old }) {
    if (!data.toast || data.isRead || document.hidden || isShown(data)) return;
    if (old && now() - Date.parse(data.createdAt) > FRESH) return;
    if (more) return showMore(1);
    const present = standing();
    if (present.length >= MOST_TOASTS) {
      const oldest = present.find(toast => !toast.hasAttribute('data-stay')) || present[0];
      giveFocusBack(oldest);
      oldest.remove();
      remaining.delete(oldest);
      return showMore(2);
    }
    const toast = fragment(data.toast);
    toast.dataset.seq = data.seq;
    put(toast);
  }

  /** The toasts there are, without those on their way out. */
  function standing() {
    return all('.toast:not(.leaves)', toasts);
  }

  /** Whether the page or the open panel says it already. */
  function isShown(data) {
    if (byId('inbox') || panelIsOpen()) return true;
    if (document.querySelector(`[data-shows~="${CSS.escape(data.type)}"]`)) return true;
    return Boolean(data.url) && new URL(data.url, location).pathname === location.pathname;
  }

  function put(toast) {
    toasts.append(toast);
    if (!toast.hasAttribute('data-stay')) remaining.set(toast, toasts.dataset.seconds * 1000);
    ticker = ticker || setInterval(tick, TICK);
  }

  function showMore(count) {
    hidden += count;
    if (!more) {
      more = byId('toast-more').content.firstElementChild.cloneNode(true);
      put(more);
    }
    const link = more.querySelector('a');
    link.textContent = fill(link.dataset.count, { count: hidden });
    remaining.set(more, toasts.dataset.seconds * 1000);
  }

  function fail(text) {
    const toast = byId('toast-failure').content.firstElementChild.cloneNode(true);
    toast.querySelector('.toast-title').textContent = text;
    all('.toast-error:not([id])', toasts).forEach(dismiss);
    put(toast);
    announce(text);
  }

  function tick() {
    if (document.hidden || toasts.matches(':hover, :focus-within')) return;
    for (const [toast, left] of remaining) {
      if (left <= TICK) dismiss(toast);
      else remaining.set(toast, left - TICK);
    }
    if (!toasts.children.length) ticker = clearInterval(ticker);
  }

  function dismiss(toast) {
    giveFocusBack(toast);
    remaining.delete(toast);
    if (toast === more) {
      more = null;
      hidden = 0;
    }
    toast.classList.add('leaves');
    setTimeout(() => toast.remove(), 200);
  }

  let cameFrom = null; // where the keyboard was before it went to the toasts

  toasts.addEventListener('focusin', ({ relatedTarget }) => {
    if (!toasts.contains(relatedTarget)) cameFrom = relatedTarget;
  });
  document.addEventListener('keydown', event => {
    const newest = standing().pop();
    if (event.key !== 'F8' || !newest) return;
    event.preventDefault();
    newest.querySelector('a, button').focus();
  });

  /** To the next toast, and from the last one to where it was before. */
  function giveFocusBack(toast) {
    if (!toast.contains(document.activeElement)) return;
    const next = standing().filter(other => other !== toast).pop();
    const place = next ? next.querySelector('a, button') : cameFrom;
    (place && place.isConnected ? place : byId('main')).focus({ preventScroll: true });
  }

  toasts.addEventListener('click', ({ target }) => {
    if (target.closest('[data-dismiss], a')) dismiss(target.closest('.toast'));
  });
  toasts.addEventListener('keydown', event => {
    const newest = standing().pop();
    if (event.key === 'Escape' && newest) dismiss(newest);
  });

  /* ---- Rows: what arrives, is read, is deleted --------------------------------------------- */

  let waiting = 0; // arrived while somebody reads, behind the "new notifications" button
  let refreshTimer = null;

  place.addEventListener('stream:notification', ({ detail }) => {
    if (!detail.data.isRead) announceArrival(detail.data.title);
    toastFor(detail);
    ring();
    arrive(detail.data);
  });

  function ring() {
    const bell = byId('bell');
    bell.classList.remove('rings');
    requestAnimationFrame(() => bell.classList.add('rings'));
  }

  function arrive(data) {
    const inbox = byId('inbox');
    if (panelIsOpen()) refreshPanel();
    if (!inbox || !inbox.hasAttribute('data-arrivals')) return;
    if (inbox.dataset.arrivals && inbox.dataset.arrivals !== data.type) return;
    waiting += 1;
    if (isBeingRead(inbox)) showWaiting(inbox);
    else refreshTimer = refreshTimer || setTimeout(refreshInbox, 150);
  }

  function isBeingRead(region) {
    return window.scrollY > 100 || region.matches(':hover, :focus-within');
  }

  function showWaiting(inbox) {
    const button = inbox.querySelector('[data-arrivals-button]');
    const text = waiting === 1 ? words.arrivedOne : fill(words.arrivedMany, { count: waiting });
    button.querySelector('span').textContent = text;
    button.hidden = false;
  }

  function refreshInbox() {
    refreshTimer = null;
    waiting = 0;
    if (byId('inbox')) htmx.trigger('#inbox', 'inbox:refresh');
  }

  place.addEventListener('stream:read', ({ detail: { data } }) => each(data, row => row.classList.remove('row-unread')));
  place.addEventListener('stream:deleted', ({ detail: { data } }) => {
    each(data, row => row.remove());
    if (byId('inbox') && !byId('inbox').querySelector('.row')) refreshInbox();
  });

  /** Every row that `ids` or `upTo` names; its toast says nothing new any more. */
  function each({ ids, upTo }, change) {
    const upToSeq = element => Number(element.dataset.seq) <= upTo;
    const named = prefix => (ids || []).map(id => byId(prefix + id)).filter(Boolean);
    (ids ? named('n-') : all('.row').filter(upToSeq)).forEach(change);
    (ids ? named('t-') : all('.toast[data-seq]').filter(upToSeq)).forEach(dismiss);
  }

  /** Whoever follows a notification's link has read it. */
  function follow({ target, button }) {
    const link = target.closest('a[data-read]');
    if (!link || button > 1) return;
    const row = link.closest('.row');
    if (row && !row.classList.contains('row-unread')) return;
    if (row) row.classList.remove('row-unread');
    fetch(link.dataset.read, { method: 'POST', keepalive: true, headers: { 'HX-Request': 'true' } }).catch(() => {});
  }
  document.addEventListener('click', follow);
  document.addEventListener('auxclick', follow);
  document.addEventListener('click', ({ target }) => {
    if (!target.closest('[data-arrivals-button]')) return;
    refreshInbox();
    window.scrollTo({ top: 0 });
    byId('main').focus({ preventScroll: true });
  });

  /** "Mark all" means all that has been shown. */
  function noteSeen() {
    for (const input of all('[data-up-to]')) {
      const list = input.closest('.panel') ? byId('latest') : byId('inbox');
      const shown = all('.row', list || undefined).map(row => Number(row.dataset.seq));
      input.value = Math.max(Number(input.value), ...shown);
    }
  }

  /* ---- The panel under the bell ------------------------------------------------------------ */

  const panel = byId('panel');
  const FETCHED_LATELY = 2000;
  let fetchedAt = 0;

  function panelIsOpen() {
    return Boolean(panel) && panel.matches(':popover-open');
  }

  function refreshPanel() {
    if (byId('latest').matches(':hover, :focus-within')) fetchedAt = 0;
    else fetchPanel();
  }

  function fetchPanel() {
    fetchedAt = Date.now();
    htmx.trigger('#latest', 'panel:refresh');
  }

  function fetchPanelIfOld() {
    if (Date.now() - fetchedAt > FETCHED_LATELY) fetchPanel();
  }

  /** The link becomes the button that opens the panel; without this script it stays a link. */
  function upgradeBell() {
    const link = byId('bell');
    const button = document.createElement('button');
    button.type = 'button';
    button.id = link.id;
    button.className = link.className;
    button.append(...link.childNodes);
    button.popoverTargetElement = panel;
    button.addEventListener('pointerenter', fetchPanelIfOld);
    button.addEventListener('focus', fetchPanelIfOld);
    link.replaceWith(button);
    panel.addEventListener('beforetoggle', ({ newState }) => {
      if (newState !== 'open') return;
      fetchPanelIfOld();
      all('.toast', toasts).forEach(dismiss); // the panel says the same
    });
    byId('latest').addEventListener('pointerleave', () => panelIsOpen() && !fetchedAt && fetchPanel());
  }
  if (panel && panel.showPopover) upgradeBell();

  /* ---- Forms sent by htmx: what happened, in words ----------------------------------------- */

  /** Perhaps somebody else has signed in since: a page left over must not act in their name. */
  function refuse(event) {
    if (place.dataset.state !== 'auth' || event.target.action === `${location.origin}/logout`) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type === 'submit') fail(words.signedOut);
  }
  document.addEventListener('submit', refuse, true);
  document.addEventListener('htmx:config:request', refuse, true);

  document.addEventListener('htmx:after:request', event => {
    const { ctx } = event.detail;
    if (ctx.response.status === 401) return stay(event, ctx);
    if (ctx.request.method === 'GET' || ctx.response.status >= 400) return;
    const form = ctx.sourceElement;
    const says = form.dataset.says;
    if (says) announce(words[says.replace(/-(\w)/g, (_all, letter) => letter.toUpperCase())]);
    if (form.hasAttribute('data-resync')) htmx.trigger(document.body, 'live:resync-inbox');
    if (form.closest('.row-tools')) keepFocus(form.closest('.row'), says === 'deleted');
    window.live.poke();
  });

  /** Signed out: the page stays, with whatever is half written on it, and says so. */
  function stay(event, ctx) {
    event.preventDefault(); // htmx would follow to the sign-in page
    say('auth');
    if (ctx.request.method !== 'GET') fail(words.signedOut);
  }

  /** A swap must not throw the keyboard back to the top of the page. */
  function keepFocus(row, leaves) {
    const next = leaves ? row.nextElementSibling || row.previousElementSibling : row;
    document.addEventListener('htmx:after:swap', () => {
      const focus = document.activeElement;
      if (focus && focus !== document.body && focus.checkVisibility()) return;
      const button = next && all('button', next).find(one => one.checkVisibility());
      (button || byId('main')).focus({ preventScroll: true });
    }, { once: true });
  }

  document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
    if (ctx.request.method !== 'GET') fail(words.failed);
  });
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (ctx && ctx.request.method !== 'GET') fail(words.offline);
  });
  document.addEventListener('htmx:after:swap', () => {
    noteSeen();
    showTimes();
  });

  /* ---- Relative times ---------------------------------------------------------------------- */

  const STEPS = [['day', 86400], ['hour', 3600], ['minute', 60]];
  const ago = new Intl.RelativeTimeFormat(root.lang, { style: 'short' });
  const dates = new Intl.DateTimeFormat(root.lang, { dateStyle: 'medium', timeZone: root.dataset.timeZone });

  function showTimes() {
    if (document.hidden) return;
    for (const time of all('time[data-relative]')) {
      const text = inWords(Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  function inWords(moment) {
    const age = (now() - moment) / 1000;
    if (age >= 7 * 86400) return dates.format(moment);
    const step = STEPS.find(([, seconds]) => age >= seconds);
    return step ? ago.format(-Math.floor(age / step[1]), step[0]) : words.justNow;
  }

  setInterval(showTimes, 30000);
  document.addEventListener('visibilitychange', showTimes);
  showTimes();

  /* ---- Small things ------------------------------------------------------------------------ */

  document.addEventListener('click', ({ target }) => {
    all('.menu[open]').forEach(menu => menu.contains(target) || menu.removeAttribute('open'));
  });
  document.addEventListener('keydown', ({ key, target }) => {
    const menu = key === 'Escape' && target.closest('.menu[open]');
    if (!menu) return;
    menu.removeAttribute('open');
    menu.querySelector('summary').focus();
  });

  for (const button of all('[data-add-line]')) {
    button.hidden = false;
    button.addEventListener('click', () => addLine(button.closest('.lines')));
  }

  function addLine(lines) {
    const last = all('[data-line]', lines).pop();
    const line = last.cloneNode(true);
    const number = all('[data-line]', lines).length + 1;
    const renamed = text => text.replace(/\d+$/, number);
    all('.error', line).forEach(error => error.remove());
    all('label', line).forEach(label => { label.htmlFor = renamed(label.htmlFor); });
    for (const input of all('input', line)) {
      input.id = renamed(input.id);
      input.value = input.name === 'quantity' ? '1' : '';
      ['aria-invalid', 'aria-describedby', 'required'].forEach(name => input.removeAttribute(name));
    }
    last.after(line);
    line.querySelector('input').focus();
  }
})();
