/*
 * A soft sound when something arrives: off until somebody chooses one, once per browser.
 * Both are computed, shorter than a second, and need no file.
 */
(() => {
  'use strict';

  const { place, byId, all, remember, remembered } = campana;

  /** Partials: [hertz, loudness, seconds until silent, seconds before it starts]. */
  const SOUNDS = {
    bell: [[880, 0.12, 0.9, 0], [1760, 0.05, 0.6, 0], [2640, 0.02, 0.35, 0]],
    wood: [[523, 0.16, 0.16, 0], [784, 0.14, 0.2, 0.11]],
  };
  let context = null;

  function play(name) {
    if (!SOUNDS[name]) return;
    context = context || new AudioContext();
    context.resume().then(() => SOUNDS[name].forEach(partial), () => {});
  }

  function partial([hertz, loudness, seconds, delay]) {
    const start = context.currentTime + delay;
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(loudness, start + 0.008);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + seconds);
  }

  /** Browsers let only pages sound that somebody has touched: the others leave it to those. */
  function mayPlay() {
    return !navigator.userActivation || navigator.userActivation.hasBeenActive;
  }

  place.addEventListener('stream:notification', ({ detail: { data, old } }) => {
    const chosen = remembered('sound');
    if (!chosen || old || data.isRead || !data.channels.includes('sound') || !mayPlay()) return;
    // The name is held for two seconds: one sound for a burst, in one of all tabs.
    window.live.once('sound', () => {
      place.dispatchEvent(new CustomEvent('sound:played', { bubbles: true, detail: chosen }));
      play(chosen);
    });
  });

  /* ---- Notifications of the system, where the browser may show them ------------------------- */

  campana.startDesktop = () => {
    if (!window.Notification || Notification.permission !== 'granted' || campana.desktop) return;
    campana.desktop = document.createElement('script');
    campana.desktop.src = campana.words.desktop;
    document.head.append(campana.desktop);
  };
  campana.startDesktop();
  window.addEventListener('storage', campana.startDesktop); // allowed in another tab

  /* ---- The choice, in the person's menu ---------------------------------------------------- */

  const choice = byId('sound-choice');
  if (!choice || !window.AudioContext) return;

  function show() {
    const chosen = remembered('sound');
    for (const button of all('[data-sound]', choice)) {
      button.setAttribute('aria-pressed', String(button.dataset.sound === chosen));
    }
    byId('sound-try').hidden = !chosen;
  }

  choice.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (!button) return;
    if (button.dataset.sound !== undefined) remember('sound', button.dataset.sound);
    show();
    play(remembered('sound'));
  });
  window.addEventListener('storage', show); // chosen in another tab
  choice.hidden = false;
  show();
})();
