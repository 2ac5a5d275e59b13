/*
 * The system's own notifications, only where the browser allows them: once per person and event in
 * this browser, however many tabs, and only while none of them is looked at.
 */
(() => {
  'use strict';

  const { place, remember, remembered } = campana;
  const LOOKED_AT = `looked-at-${place.dataset.tag}`;
  const SHOWN = `desktop-${place.dataset.tag}`;
  const MOST = 50; // ids that are remembered
  const KEPT = 5000; // milliseconds

  /* ---- Whether any tab is looked at --------------------------------------------------------- */

  let leave = null;

  function look() {
    if (leave) leave();
    leave = null;
    if (document.hidden || !navigator.locks) return;
    navigator.locks.request(LOOKED_AT, { mode: 'shared' }, () => new Promise(done => { leave = done; }));
  }
  document.addEventListener('visibilitychange', look);
  addEventListener('pageshow', look);
  addEventListener('pagehide', () => { if (leave) leave(); leave = null; }); // or no way back keeps the page
  look();

  async function isLookedAt() {
    if (!navigator.locks) return !document.hidden;
    return (await navigator.locks.query()).held.some(lock => lock.name === LOOKED_AT);
  }

  /* ---- One for all tabs --------------------------------------------------------------------- */

  // Of all tabs the one that gets the event's lock. It keeps it for a while: what it remembers reaches
  // the others a moment later.
  place.addEventListener('stream:notification', ({ detail: { data, old } }) => {
    if (old || data.isRead || !data.channels.includes('desktop')) return;
    if (!navigator.locks) consider(data);
    else {
      navigator.locks.request(`${SHOWN}-${data.id}`, { ifAvailable: true }, async lock => {
        if (lock && await consider(data)) await new Promise(done => { setTimeout(done, KEPT); });
      });
    }
  });

  async function consider(data) {
    const before = remembered(SHOWN, '').split(' ');
    if (before.includes(data.id) || await isLookedAt()) return false;
    remember(SHOWN, [...before.slice(1 - MOST), data.id].join(' '));
    show(data);
    return true;
  }

  function show({ id, title, message }) {
    const shown = new Notification(title, { body: message, tag: `campana-${id}`, icon: '/static/icons/campana-192.png' });
    place.dispatchEvent(new CustomEvent('desktop:shown', { bubbles: true, detail: id }));
    shown.onclick = () => {
      window.focus();
      location.assign(`/notifications/${id}`);
      shown.close();
    };
  }
})();
