/* The bell: its count on badge, title, favicon and app; and the connection, in words. */
(() => {
  'use strict';

  const { place, byId, fill, fragment, copyOf, announce } = campana;

  /* ---- The count --------------------------------------------------------------------------- */

  const title = document.title.replace(/^\(\d+\+?\) /, '');

  place.addEventListener('stream:unread', ({ detail: { data } }) => {
    if (data.badge) byId('bell-badge').replaceWith(fragment(data.badge));
    showCount(data.count);
    document.dispatchEvent(new CustomEvent('bell:count', { detail: data.count }));
  });

  campana.count = () => Number(byId('bell-badge').dataset.count);

  function showCount(count) {
    document.title = count ? `(${count > 99 ? '99+' : count}) ${title}` : title;
    showFavicon(count);
    if (navigator.setAppBadge) navigator.setAppBadge(count).catch(() => {});
  }

  /** With the number itself, as far as it is legible. */
  function showFavicon(count) {
    const icon = byId('favicon');
    if (!count) return void (icon.href = icon.dataset.none);
    const drawing = copyOf('favicon-drawing');
    drawing.querySelector('text').textContent = count > 9 ? '9+' : count;
    icon.href = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawing))}`;
  }

  /* ---- One nudge of the bell --------------------------------------------------------------- */

  place.addEventListener('stream:notification', ({ detail: { data } }) => {
    if (!data.toast) return;
    const bell = byId('bell');
    bell.classList.remove('rings');
    requestAnimationFrame(() => bell.classList.add('rings'));
  });

  /* ---- The connection, in words ------------------------------------------------------------ */

  const GRACE = 5000; // a connection that heals within this time is not worth a word
  const GIVEN_UP = 30000;
  let graceTimers = [];

  place.addEventListener('live:state', ({ detail }) => showState(detail));
  window.addEventListener('offline', trouble);

  function showState({ state, mode, poll }) {
    if (state === 'idle') return; // nobody looks
    if (state === 'connecting' || state === 'waiting') return trouble();
    graceTimers.forEach(clearTimeout);
    graceTimers = [];
    if (state === 'live') return say(mode === 'poll' ? 'poll' : 'live', poll);
    say(state === 'closed' ? 'offline' : state);
  }

  function trouble() {
    const { shown } = place.dataset;
    if (graceTimers.length || shown === 'waiting' || shown === 'offline') return;
    const first = shown ? 'waiting' : 'connecting';
    graceTimers = [setTimeout(say, GRACE, first), setTimeout(say, GIVEN_UP, 'offline')];
  }

  function say(shown, poll) {
    if (shown === 'waiting' && navigator.onLine === false) shown = 'offline';
    const changed = place.dataset.shown !== shown;
    const text = fill(place.dataset[shown], { seconds: Math.round(poll / 1000) });
    place.dataset.shown = shown;
    place.hidden = false;
    place.title = text;
    place.querySelector('.live-words').textContent = text;
    const signIn = place.querySelector('.live-sign-in');
    signIn.hidden = shown !== 'auth';
    signIn.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    if (changed && (shown === 'auth' || shown === 'offline')) announce(text);
  }

  campana.sayConnection = say;
})();
