/*
 * Rows, in the panel and on the page of notifications: what arrives, is read, is deleted.
 * What is being read never moves: what arrives meanwhile waits behind a button that says how many.
 */
(() => {
  'use strict';

  const { place, words, byId, all, fill, focus } = campana;

  const DEBOUNCE = 150;
  const READING_FROM = 100; // pixels: scrolled so far, somebody reads

  /**
   * A list that takes in what arrives. list(): its element, or nothing while nobody can see it.
   * wants(data): whether it belongs there. refresh(): asks for the list again.
   */
  function createArrivals({ list, button, scrolled, wants, refresh, afterwards }) {
    let waiting = 0;
    let timer = null;

    function isBeingRead() {
      return scrolled() > READING_FROM || Boolean(list().querySelector('.row:hover')) || list().matches(':focus-within');
    }

    function arrive(data) {
      if (!list() || !wants(data)) return;
      waiting += 1;
      if (isBeingRead()) show();
      else timer = timer || setTimeout(take, DEBOUNCE);
    }

    function show() {
      const text = waiting === 1 ? words.arrivedOne : fill(words.arrivedMany, { count: waiting });
      button().querySelector('span').textContent = text;
      button().hidden = !waiting;
    }

    function take() {
      timer = clearTimeout(timer);
      forget();
      if (list()) refresh();
    }

    function forget() {
      waiting = 0;
      if (button()) button().hidden = true;
    }

    document.addEventListener('click', ({ target }) => {
      const pressed = target.closest('[data-arrivals-button]');
      if (!pressed || pressed !== button()) return;
      take();
      afterwards();
    });

    return { arrive, take, forget, get waiting() { return waiting; } };
  }

  const page = createArrivals({
    list: () => byId('inbox'),
    button: () => document.querySelector('#inbox [data-arrivals-button]'),
    scrolled: () => window.scrollY,
    wants(data) {
      const { arrivals } = byId('inbox').dataset;
      return arrivals === '' || arrivals === data.type;
    },
    refresh: () => htmx.trigger('#inbox', 'inbox:refresh'),
    afterwards() {
      window.scrollTo({ top: 0 });
      byId('main').focus({ preventScroll: true });
    },
  });

  place.addEventListener('stream:notification', ({ detail: { data } }) => page.arrive(data));

  /* ---- Read and deleted, here or elsewhere ------------------------------------------------- */

  place.addEventListener('stream:read', ({ detail: { data } }) => {
    each(data, row => row.classList.remove('row-unread'));
  });
  place.addEventListener('stream:deleted', ({ detail: { data } }) => {
    each(data, row => isDeleted(row) || leave(row));
    if (byId('inbox') && !byId('inbox').querySelector('.row')) page.take();
  });

  /** Listed among the deleted ones, where it belongs. */
  function isDeleted(row) {
    return Boolean(row.querySelector('form[action$="/restore"]'));
  }

  /** Every row that `ids` or `upTo` names; its toast says nothing new any more. */
  function each({ ids, upTo }, change) {
    const upToSeq = element => Number(element.dataset.seq) <= upTo;
    const named = prefix => (ids || []).map(id => byId(prefix + id)).filter(Boolean);
    (ids ? named('n-') : all('.row').filter(upToSeq)).forEach(change);
    (ids ? named('t-') : all('.toast[data-seq]').filter(upToSeq))
      .filter(toast => !('acting' in toast.dataset)).forEach(campana.dismiss);
  }

  /** Takes a row away; whoever was in it goes on with the next one. */
  function leave(row) {
    const had = row.contains(document.activeElement);
    const next = neighbour(row);
    row.remove();
    if (had) focus(next && handle(next));
  }

  /** The row that takes over from one that leaves; none for one that has left. */
  function neighbour(row) {
    const others = row.isConnected ? all('.row', row.closest('.rows') || row.parentElement) : [];
    const place = others.indexOf(row);
    return others[place + 1] || others[place - 1];
  }

  /** What has the focus when the row has it: its link, else the row itself. */
  function handle(row) {
    const link = row.querySelector('.row-link');
    if (!link && !row.hasAttribute('tabindex')) row.tabIndex = -1;
    return link || row;
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

  /* ---- "Mark all" means all that has been shown, and says how many --------------------------- */

  function noteSeen() {
    for (const input of all('[data-up-to]')) {
      const inPanel = Boolean(input.closest('.panel'));
      const shown = all('.row', inPanel ? byId('latest') : byId('inbox') || document.body);
      input.value = Math.max(Number(input.value), ...shown.map(row => Number(row.dataset.seq)));
      const text = input.form.querySelector('[data-mark-count]');
      if (text) sayHowMany(text, inPanel ? campana.panelArrivals.waiting : page.waiting);
    }
  }

  function sayHowMany(text, waiting) {
    const count = Math.max(0, campana.count() - waiting);
    const { one, many, none } = text.dataset;
    text.textContent = fill(count ? (count === 1 ? one : many) : none, { count });
    text.closest('button').setAttribute('aria-disabled', String(!count));
  }

  document.addEventListener('submit', event => {
    if (!event.submitter || event.submitter.ariaDisabled !== 'true') return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener('bell:count', noteSeen);
  document.addEventListener('htmx:after:swap', noteSeen);

  Object.assign(campana, { createArrivals, noteSeen, leave, neighbour, handle });
})();
