/*
 * The panel that the bell opens, on every page but the one that shows the same: the last five,
 * more on request, all or unread. A popover, so Escape, a click elsewhere and the way back of the
 * focus are the browser's.
 */
(() => {
  'use strict';

  const { place, words, byId, all, now, fill, announce, focus } = campana;

  const panel = byId('panel');
  const FEWEST = 5;
  const MOST = 100;
  const FETCHED_LATELY = 2000;
  let filter = 'all';
  const NEVER = -Infinity;
  let fetchedAt = NEVER; // by performance.now(); never: what it shows is not the latest
  let loadedAt = 0; // by the server's, for people

  campana.panelIsOpen = () => Boolean(panel && panel.showPopover) && panel.matches(':popover-open');
  const { panelIsOpen } = campana;

  const arrivals = campana.panelArrivals = campana.createArrivals({
    list: () => (panelIsOpen() ? byId('latest') : null),
    button: () => panel && panel.querySelector('[data-arrivals-button]'),
    scrolled: () => byId('latest').scrollTop,
    wants: data => filter === 'all' || !data.isRead,
    refresh: () => load(),
    afterwards() {
      byId('latest').scrollTop = 0;
      byId('panel-title').focus();
    },
  });
  if (!panel || !panel.showPopover) return;

  const latest = byId('latest');
  upgradeBell();

  /* ---- Opening, closing -------------------------------------------------------------------- */

  /** The link becomes the button that opens the panel; without this script it stays a link. */
  function upgradeBell() {
    const link = byId('bell');
    const button = document.createElement('button');
    button.type = 'button';
    button.id = link.id;
    button.className = link.className;
    button.append(...link.childNodes);
    button.popoverTargetElement = panel;
    button.setAttribute('aria-haspopup', 'dialog');
    button.addEventListener('pointerenter', loadIfOld); // it is there before the click
    button.addEventListener('focus', loadIfOld);
    link.replaceWith(button);
  }

  panel.addEventListener('beforetoggle', ({ newState }) => {
    if (newState !== 'open') return;
    campana.closeMenus();
    loadIfOld();
    all('[data-seq], .toast-more', campana.toasts).forEach(campana.dismiss); // the panel says the same
    panel.querySelector('.panel-foot').before(campana.toasts); // what is said from now on is said in it
  });

  panel.addEventListener('toggle', ({ newState }) => {
    if (newState === 'open') return;
    document.body.append(campana.toasts);
    arrivals.forget();
    byId('notice').replaceChildren();
    fetchedAt = NEVER;
    if (document.activeElement === document.body) byId('bell').focus({ preventScroll: true });
  });

  /* ---- What it shows ----------------------------------------------------------------------- */

  function loadIfOld() {
    if (performance.now() - fetchedAt > FETCHED_LATELY) load();
  }

  function load() {
    fetchedAt = performance.now();
    htmx.trigger(latest, 'panel:refresh');
  }

  /** As many again as there are, so that nothing leaves under the reader's eyes. */
  document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== latest) return;
    const shown = all('.row', latest).length;
    ctx.request.body.set('filter', filter);
    ctx.request.body.set('limit', panelIsOpen() ? Math.min(Math.max(shown, FEWEST), MOST) : FEWEST);
  });

  panel.addEventListener('click', event => {
    const tab = event.target.closest('[data-panel-filter]');
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    filter = tab.dataset.panelFilter;
    for (const one of all('[data-panel-filter]', panel)) {
      one.toggleAttribute('aria-current', one === tab);
      if (one === tab) one.setAttribute('aria-current', 'true');
    }
    latest.replaceChildren(byId('panel-wait').content.cloneNode(true));
    latest.scrollTop = 0;
    arrivals.take();
  });

  panel.addEventListener('click', ({ target }) => {
    if (target.closest('[data-panel-again]')) load();
  });

  place.addEventListener('stream:notification', ({ detail: { data } }) => {
    fetchedAt = NEVER;
    arrivals.arrive(data);
    campana.noteSeen();
  });
  place.addEventListener('stream:deleted', () => {
    if (panelIsOpen() && !latest.querySelector('.row')) arrivals.take();
  });
  document.body.addEventListener('live:resync-inbox', () => {
    fetchedAt = NEVER;
    if (panelIsOpen()) arrivals.take();
  });

  /* ---- What became of the question --------------------------------------------------------- */

  const problem = byId('panel-problem');

  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== latest || ctx.response.status >= 400) return;
    problem.hidden = true;
    loadedAt = now();
  });
  document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => fails(ctx, words.panelFailed));
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => fails(ctx, words.panelOffline));

  function fails(ctx, why) {
    if (!ctx || !ctx.sourceElement || !panel.contains(ctx.sourceElement) || ctx.request.method !== 'GET') return;
    fetchedAt = NEVER;
    const since = new Date(loadedAt).toLocaleTimeString(document.documentElement.lang,
      { hour: '2-digit', minute: '2-digit', timeZone: document.documentElement.dataset.timeZone });
    const text = loadedAt ? `${why} ${fill(words.panelSince, { time: since })}` : why;
    problem.querySelector('span').textContent = text;
    problem.hidden = false;
    if (latest.querySelector('.panel-wait')) latest.replaceChildren();
    if (panelIsOpen()) announce(text);
  }
})();
