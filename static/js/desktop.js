/*
 * The system's own notifications, only where the browser allows them: once per person and event in
 * this browser, however many tabs, and only while none of them is looked at.
 */
(() => {
  'use strict';

  const { place, remember, remembered } = campana;
  const LOOKED_AT = `looked-at-${place.dataset.tag}`;
  const SHOWN = `desktop-${place.dataset.tag}`;

  /* ---- Whether any tab is looked at --------------------------------------------------------- */

  let leave = null;

  function look() {
    if (leave) leave();
    leave = null;
    if (document.hidden || !navigator.locks) return;
    navigator.locks.request(LOOKED_AT, { mode: 'shared' }, () => new Promise(done => { leave = done; }));
  }
  document.addEventListener('visibilitychange', look);
  look();

  async function isLookedAt() {
    if (!navigator.locks) return !document.hidden;
    return (await navigator.locks.query()).held.some(lock => lock.name === LOOKED_AT);
  }

  /* ---- One for all tabs --------------------------------------------------------------------- */

  place.addEventListener('stream:notification', ({ detail: { data, old } }) => {
    if (old || data.isRead || !data.channels.includes('desktop')) return;
    if (navigator.locks) navigator.locks.request(SHOWN, () => consider(data)); // tab after tab
    else consider(data);
  });

  async function consider(data) {
    if (data.seq <= Number(remembered(SHOWN, '0')) || await isLookedAt()) return;
    remember(SHOWN, data.seq);
    show(data);
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
