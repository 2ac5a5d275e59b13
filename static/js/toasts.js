/*
 * Toasts say what has just happened, and nothing that is not in the inbox as well; at most three.
 * One announcement per burst for those who listen. F8 reaches them, Escape closes the newest.
 */
(() => {
  'use strict';

  const { place, words, byId, all, now, fill, fragment, copyOf, announce, focus } = campana;

  /* ---- One announcement for a burst -------------------------------------------------------- */

  const ANNOUNCE_AFTER = 800;
  const ANNOUNCE_EVERY = 10000;
  let arrived = [];
  let announceTimer = null;
  let announcedAt = -Infinity;

  function announceArrival(text) {
    arrived.push(text);
    if (announceTimer) return;
    const due = Math.max(ANNOUNCE_AFTER, announcedAt + ANNOUNCE_EVERY - performance.now());
    announceTimer = setTimeout(() => {
      const [first] = arrived;
      const count = arrived.length;
      announce(count === 1 ? fill(words.announceOne, { title: first }) : fill(words.announceMany, { count }));
      announcedAt = performance.now();
      arrived = [];
      announceTimer = null;
    }, due);
  }

  /* ---- Which notifications get one --------------------------------------------------------- */

  const FRESH = 60000;
  let missed = []; // came while nobody listened: told as one

  place.addEventListener('stream:notification', ({ detail: { data, old } }) => {
    if (!data.toast) return; // its reader wants quiet
    if (!data.isRead) announceArrival(data.title);
    if (data.isRead || document.hidden || isShown(data)) return;
    if (!old) return show(data);
    if (now() - Date.parse(data.createdAt) > FRESH) return;
    if (!missed.length) setTimeout(showMissed);
    missed.push(data);
  });

  /** After a gap no storm: the one there is, else their number. */
  function showMissed() {
    const [only, ...others] = missed;
    missed = [];
    if (others.length) showMore(others.length + 1);
    else show(only);
  }

  /** Whether the page or the open panel says it already. */
  function isShown(data) {
    if (byId('inbox') || campana.panelIsOpen()) return true;
    if (document.querySelector(`[data-shows~="${CSS.escape(data.type)}"]`)) return true;
    return Boolean(data.url) && new URL(data.url, location).pathname === location.pathname;
  }

  /* ---- At most three ----------------------------------------------------------------------- */

  const MOST = 3;
  const TICK = 200;
  const toasts = byId('toasts');
  const remaining = new Map(); // toast → milliseconds left; those with actions are not in here
  let more = null;
  let hidden = 0; // how many notifications the "more" toast stands for
  let ticker = null;

  /** The toasts there are, without those on their way out. */
  function standing() {
    return all('.toast:not(.leaves)', toasts);
  }

  function show(data) {
    if (more) return showMore(1);
    const present = standing();
    if (present.length >= MOST) {
      remove(present.find(toast => !toast.hasAttribute('data-stay')) || present[0]);
      return showMore(2);
    }
    const toast = fragment(data.toast);
    toast.dataset.seq = data.seq;
    put(toast);
  }

  function showMore(count) {
    hidden += count;
    if (!more) {
      more = copyOf('toast-more');
      put(more);
    }
    const link = more.querySelector('a');
    const text = standing().length > 1 ? link.dataset.more : link.dataset.alone;
    link.textContent = fill(text, { count: hidden });
    remaining.set(more, usualTime());
  }

  function usualTime() {
    return toasts.dataset.seconds * 1000;
  }

  /** `time`: milliseconds it stays; one with actions stays until it is dismissed. */
  function put(toast, time = usualTime()) {
    toasts.append(toast);
    htmx.process(toast);
    if (!toast.hasAttribute('data-stay')) remaining.set(toast, time);
    ticker = ticker || setInterval(tick, TICK);
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
    forget(toast);
    toast.classList.add('leaves');
    setTimeout(() => toast.remove(), 200);
  }

  function remove(toast) {
    forget(toast);
    toast.remove();
  }

  function forget(toast) {
    giveFocusBack(toast);
    remaining.delete(toast);
    if (toast !== more) return;
    more = null;
    hidden = 0;
  }

  /* ---- Those that answer what somebody did ------------------------------------------------- */

  const UNDO_TIME = 10000;

  function fail(text) {
    const toast = copyOf('toast-failure');
    toast.querySelector('.toast-title').textContent = text;
    all('.toast-failure', toasts).forEach(remove);
    put(toast, UNDO_TIME);
    announce(text);
  }

  /** Deleted, with a way back. The other way back is the list of what was deleted. */
  function offerUndo(restore) {
    const toast = copyOf('toast-undo');
    const form = toast.querySelector('form');
    form.action = restore;
    form.setAttribute('hx-post', restore);
    all('.toast-undo', toasts).forEach(remove);
    put(toast, UNDO_TIME);
  }

  /* ---- By keyboard ------------------------------------------------------------------------- */

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
  toasts.addEventListener('keydown', event => {
    const newest = standing().pop();
    if (event.key !== 'Escape' || !newest) return;
    event.preventDefault(); // it closes the toast, not the panel behind it
    dismiss(newest);
  });

  /** To the next toast, and from the last one to where it was before. */
  function giveFocusBack(toast) {
    if (!toast.contains(document.activeElement)) return;
    const next = standing().filter(other => other !== toast).pop();
    focus(next ? next.querySelector('a, button') : cameFrom);
  }

  toasts.addEventListener('click', ({ target }) => {
    if (target.closest('[data-dismiss], a')) dismiss(target.closest('.toast'));
  });

  /** It has been answered: it stays for as long as the others do. */
  function linger(toast) {
    toast.removeAttribute('data-stay');
    remaining.set(toast, usualTime());
  }

  Object.assign(campana, { fail, offerUndo, dismiss, linger, standing, toasts });
})();
