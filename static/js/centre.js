/*
 * The page of notifications: its address while one searches, several at once, and never more than
 * 100 rows. Everything works without it too.
 */
(() => {
  'use strict';

  const MOST_ROWS = 100;
  const inbox = () => document.getElementById('inbox');
  const all = selector => [...inbox().querySelectorAll(selector)];
  let trimmed = false; // the newest rows have left the page

  /* ---- A list that asks again asks for as much as it shows, from where it begins ------------- */

  document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== inbox()) return;
    const rows = all('.row');
    const before = new URL(ctx.request.action, location).searchParams.get('before');
    ctx.request.body.set('rows', Math.min(MOST_ROWS, Math.max(20, rows.length)));
    if (trimmed && rows.length) ctx.request.body.set('before', Number(rows[0].dataset.seq) + 1);
    else if (before) ctx.request.body.set('before', before);
  });

  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (!inbox() || !ctx) return;
    if (ctx.sourceElement.id === 'search') {
      trimmed = false;
      history.replaceState(history.state, '', inbox().dataset.address);
    }
    if (!ctx.request.action.startsWith('/notifications/selection')) return;
    picks().forEach(pick => { pick.checked = false; });
  });

  // A link that was replaced by what it fetched tells nobody: look at the list itself.
  new MutationObserver(() => {
    if (!inbox()) return;
    trim();
    showSelection();
  }).observe(document.getElementById('main'), { childList: true, subtree: true });

  /* ---- At most 100 rows: the newest leave, and what is being read stays where it is ----------- */

  function trim() {
    const rows = all('.row');
    const surplus = rows.slice(0, Math.max(0, rows.length - MOST_ROWS)).filter(row => !row.contains(document.activeElement));
    if (!surplus.length) return;
    const anchor = rows[rows.length - 1];
    const was = anchor.getBoundingClientRect().top;
    surplus.forEach(row => row.remove());
    for (const day of all('.day')) {
      if (day.nextElementSibling && day.nextElementSibling.matches('.day')) day.remove();
    }
    trimmed = true;
    inbox().removeAttribute('data-arrivals');
    showWayBack();
    window.scrollBy({ top: anchor.getBoundingClientRect().top - was, behavior: 'instant' });
  }

  function showWayBack() {
    const list = inbox().querySelector('.rows');
    if (list.querySelector('.newer')) return;
    const link = document.getElementById('way-back').content.firstElementChild.cloneNode(true);
    link.querySelector('a').href = inbox().dataset.address;
    list.prepend(link);
  }

  /* ---- Several at once ---------------------------------------------------------------------- */

  const picks = () => all('.row-pick input');

  function showSelection() {
    const label = inbox().querySelector('.selection-all');
    if (!label) return;
    const ticked = picks().filter(pick => pick.checked).length;
    const count = inbox().querySelector('.selection-count');
    const box = label.querySelector('input');
    label.hidden = false;
    box.checked = ticked > 0 && ticked === picks().length;
    box.indeterminate = ticked > 0 && !box.checked;
    const words = ticked ? (ticked === 1 ? count.dataset.one : count.dataset.many.replace('{count}', ticked)) : '';
    if (count.textContent !== words) count.textContent = words;
  }

  document.addEventListener('change', ({ target }) => {
    if (target.matches('[data-select-all]')) picks().forEach(pick => { pick.checked = target.checked; });
    if (target.matches('[data-select-all], .row-pick input')) showSelection();
  });

  /** A page that says by its address what was done says it once. */
  const address = new URL(location);
  if (address.searchParams.has('done')) {
    ['done', 'count', 'ids', 'seqs'].forEach(name => address.searchParams.delete(name));
    history.replaceState(history.state, '', address);
  }
  showSelection();
})();
