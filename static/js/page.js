/*
 * What all scripts of a page share (`window.campana`): the server's clock, words in the reader's
 * language, the voice for those who listen, what this browser remembers. And times that move.
 * Everything works without scripts too; links and forms are real.
 */
(() => {
  'use strict';

  const root = document.documentElement;
  const byId = id => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  let clockOffset = Date.parse(root.dataset.now) - Date.now(); // the server's clock is right
  const now = () => Date.now() + clockOffset;
  const place = byId('live');
  const words = byId('words').dataset;

  const campana = window.campana = {
    place, words, byId, all, now,

    fill: (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]),

    fragment(html) {
      const template = document.createElement('template');
      template.innerHTML = html; // rendered by our server, with everything in it escaped
      return template.content.firstElementChild;
    },

    copyOf: id => byId(id).content.firstElementChild.cloneNode(true),

    announce(text) {
      byId('announcer').textContent = text;
    },

    /** Focus for something that may be gone: then for the page itself. */
    focus(element) {
      const able = element && element.isConnected && element.checkVisibility();
      (able ? element : byId('main')).focus({ preventScroll: !able });
    },

    /** Once the answer to this very request is in its place: others may come in between. */
    afterSwap(ctx, act) {
      const done = ({ detail }) => {
        if (detail.ctx !== ctx) return;
        document.removeEventListener('htmx:finally:request', done);
        act();
      };
      document.addEventListener('htmx:finally:request', done);
    },

    /** A choice of this browser; browsers that keep nothing have the default. */
    remembered(name, byDefault = '') {
      try {
        return localStorage.getItem(`campana.${name}`) ?? byDefault;
      } catch {
        return byDefault;
      }
    },

    remember(name, value) {
      try {
        localStorage.setItem(`campana.${name}`, value);
      } catch { /* it is forgotten with the page */ }
    },
  };

  /* ---- Relative times ---------------------------------------------------------------------- */

  const STEPS = [['day', 86400], ['hour', 3600], ['minute', 60]];
  const ago = new Intl.RelativeTimeFormat(root.lang, { style: 'short' });
  const dates = new Intl.DateTimeFormat(root.lang, { dateStyle: 'medium', timeZone: root.dataset.timeZone });

  function showTimes() {
    if (document.hidden) return;
    showDays();
    for (const time of all('time[data-relative]')) {
      const text = inWords(Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  let day = dates.format(now());

  /** After midnight "Today" is yesterday: lists ask again. */
  function showDays() {
    if (day === (day = dates.format(now()))) return;
    document.body.dispatchEvent(new CustomEvent('live:resync-inbox', { detail: { scope: 'inbox' } }));
  }

  function inWords(moment) {
    const age = (now() - moment) / 1000;
    if (age >= 7 * 86400) return dates.format(moment);
    const step = STEPS.find(([, seconds]) => age >= seconds);
    return step ? ago.format(-Math.floor(age / step[1]), step[0]) : words.justNow;
  }

  setInterval(showTimes, 30000);
  document.addEventListener('visibilitychange', showTimes);
  document.addEventListener('htmx:after:swap', showTimes);
  showTimes();

  /** Somebody may have set this clock meanwhile. */
  place.addEventListener('stream:hello', ({ detail: { clock } }) => {
    if (!(Math.abs(clock - clockOffset) > 60000)) return; // that is the network
    clockOffset = clock;
    showTimes();
  });

  /* ---- Menus close when one goes elsewhere ------------------------------------------------- */

  document.addEventListener('click', ({ target }) => {
    all('.menu[open]').forEach(menu => menu.contains(target) || menu.removeAttribute('open'));
  });
  document.addEventListener('keydown', event => {
    const menu = event.key === 'Escape' && event.target.closest('.menu[open]');
    if (!menu) return;
    event.preventDefault();
    menu.removeAttribute('open');
    menu.querySelector('summary').focus();
  });

  /** On a phone the navigation scrolls sideways: where one is, is in sight. */
  const here = document.querySelector('.nav [aria-current]');
  const nav = here && here.closest('.nav');
  if (nav && here.offsetLeft + here.offsetWidth > nav.clientWidth) nav.scrollLeft = here.offsetLeft - 40;

  campana.closeMenus = () => all('.menu[open]').forEach(menu => menu.removeAttribute('open'));
})();
