/*
 * A live list grows above the reader's eyes, never under the reader's hand.
 *
 * In a region with data-steady="<selector of its rows>", the row under the pointer or with the
 * focus stays where it is on the screen when rows arrive above it: the page scrolls by as much.
 * Where it cannot scroll that far, presses count for nothing for a moment.
 */
(() => {
  'use strict';

  const MOMENT = 500;
  let held = null;

  /** The row that somebody is about to press. */
  function rowInHand(region) {
    const rows = [...region.querySelectorAll(region.dataset.steady)];
    return rows.find(row => row.matches(':hover')) || rows.find(row => row.matches(':focus-within'));
  }

  function hold() {
    held = null;
    for (const region of document.querySelectorAll('[data-steady]')) {
      const row = rowInHand(region);
      if (row && row.id) held = { id: row.id, top: row.getBoundingClientRect().top };
    }
  }

  function settle() {
    const row = held && document.getElementById(held.id);
    if (!row) return;
    const shift = () => row.getBoundingClientRect().top - held.top;
    if (Math.abs(shift()) > 1) window.scrollBy({ top: shift(), behavior: 'instant' });
    if (Math.abs(shift()) > 1) pauseFor(row.closest('[data-steady]'));
    held = null;
  }

  function pauseFor(region) {
    region.addEventListener('click', swallow, { capture: true });
    setTimeout(() => region.removeEventListener('click', swallow, { capture: true }), MOMENT);
  }

  function swallow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  document.addEventListener('htmx:before:swap', hold);
  document.addEventListener('htmx:after:swap', settle);
})();
