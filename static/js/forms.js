/* Forms sent by htmx: shown as done at once, taken back when they fail, and said either way. */
(() => {
  'use strict';

  const { place, words, byId, all, announce, fail, focus, handle, leave, neighbour } = campana;

  /* ---- A page left over from another session acts in nobody's name -------------------------- */

  function refuse(event) {
    if (place.dataset.state !== 'auth' || event.target.action === `${location.origin}/logout`) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type === 'submit') fail(words.signedOut);
  }
  document.addEventListener('submit', refuse, true);
  document.addEventListener('htmx:config:request', refuse, true);

  /** Signed out: the page stays, with whatever is half written on it, and says so. */
  function stay(event, ctx) {
    event.preventDefault(); // htmx would follow to the sign-in page
    campana.sayConnection('auth');
    takeBack(ctx.sourceElement);
    if (ctx.request.method !== 'GET') fail(words.signedOut);
  }

  /* ---- As if it were done ------------------------------------------------------------------ */

  const foreseen = new Map(); // form → what takes its effect back

  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    const row = ctx.request.method !== 'GET' && form.closest('.row');
    const verb = row && verbOf(ctx);
    if (!['read', 'unread', 'delete'].includes(verb)) return;
    const effect = verb === 'delete' ? 'row-leaves' : 'row-unread';
    const had = row.classList.contains(effect);
    row.classList.toggle(effect, verb !== 'read');
    foreseen.set(form, () => row.classList.toggle(effect, had));
  });

  function verbOf(ctx) {
    return new URL(ctx.request.action, location).pathname.split('/').pop();
  }

  function takeBack(form) {
    const undo = foreseen.get(form);
    foreseen.delete(form);
    if (!undo) return;
    undo();
    if (document.activeElement === document.body) focus(form.querySelector('button'));
  }

  /* ---- What happened ----------------------------------------------------------------------- */

  document.addEventListener('htmx:after:request', event => {
    const { ctx } = event.detail;
    if (ctx.response.status === 401) return stay(event, ctx);
    const form = ctx.sourceElement;
    if (ctx.request.method === 'GET' || ctx.response.status >= 400 || form.hasAttribute('data-act')) return;
    foreseen.delete(form);
    const row = form.closest('.row');
    const verb = verbOf(ctx);
    if (row && !ctx.text && (verb === 'read' || verb === 'unread')) return gone(row);
    if (form.dataset.says) announce(sayingOf(form));
    if (form.hasAttribute('data-resync')) htmx.trigger(document.body, 'live:resync-inbox');
    if (row) keepFocus(ctx, row, verb === 'delete');
    if (row && verb === 'delete') campana.offerUndo(form.action.replace(/delete$/, 'restore'));
    if (form.closest('.toast')) campana.dismiss(form.closest('.toast'));
    window.live.poke();
  });

  function sayingOf(form) {
    return words[form.dataset.says.replace(/-(\w)/g, (_all, letter) => letter.toUpperCase())];
  }

  /** Somebody was faster, on another device perhaps. */
  function gone(row) {
    leave(row);
    fail(words.gone);
  }

  /** What was done to several stands on the page, or in the panel; and is said. */
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    const notice = byId('notice');
    if (!ctx || !notice || !/selection|mute$/.test(ctx.request.action)) return;
    announce(notice.textContent.trim() && notice.querySelector('.notice-words').textContent.trim());
  });
  document.addEventListener('click', event => {
    if (!event.target.closest('[data-notice-close]')) return;
    event.preventDefault();
    byId('notice').replaceChildren();
    focus(byId('q') || byId('panel-title'));
  });

  /** A swap must not throw the keyboard back to the top of the page. */
  function keepFocus(ctx, row, leaves) {
    const next = leaves ? neighbour(row) : row;
    campana.afterSwap(ctx, () => {
      const active = document.activeElement;
      if (active && active !== document.body && active.checkVisibility()) return;
      focus(next && (leaves ? handle(next) : all('button', next).find(one => one.checkVisibility())));
    });
  }

  /** "Show more" is replaced by what it asked for: the keyboard goes on with the first of them. */
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const link = ctx.sourceElement;
    if (!link.matches(':is(.panel-more, .older) a:focus')) return;
    const last = link.parentElement.previousElementSibling;
    campana.afterSwap(ctx, () => {
      const isNext = one => last.compareDocumentPosition(one) === Node.DOCUMENT_POSITION_FOLLOWING;
      const next = all('.row, .row ~ li a', last.parentElement).find(isNext);
      focus(next && next.matches('.row') ? handle(next) : next);
    });
  });

  let held = null; // who had the focus before a swap

  document.addEventListener('htmx:before:swap', () => { held = document.activeElement; });
  document.addEventListener('htmx:after:swap', () => setTimeout(() => {
    const lost = held && !held.isConnected && document.activeElement === document.body;
    if (lost) focus(campana.panelIsOpen() ? byId('panel-title') : null);
  }));

  document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
    if (ctx.request.method === 'GET' || ctx.sourceElement.hasAttribute('data-act')) return;
    takeBack(ctx.sourceElement);
    const row = ctx.sourceElement.closest('.row');
    if (row && ctx.response.status === 404) gone(row);
    else fail(ctx.response.status === 404 && ctx.sourceElement.closest('.toast') ? words.gone : advice(ctx));
  });

  /** What the page of the error says to do. */
  function advice(ctx) {
    const page = new DOMParser().parseFromString(ctx.text, 'text/html').querySelector('.problem-title + p');
    return page ? page.textContent : words.failed;
  }

  document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
    if (!ctx || ctx.request.method === 'GET' || ctx.sourceElement.hasAttribute('data-act')) return;
    takeBack(ctx.sourceElement);
    fail(words.offline);
  });
})();
