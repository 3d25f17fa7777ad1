// Lets a person hear the chosen siren, made of its sweeps as a device makes it; quietly, some seconds.
"use strict";

(() => {
  const SOUNDS_S = 6;
  const LEVEL = 0.2;
  let stop = () => {};

  function plan(oscillator, gain, sweeps, from) {
    let at = from;
    while (at < from + SOUNDS_S) {
      for (const [first, last, ms] of sweeps) {
        gain.gain.setValueAtTime(first || last ? LEVEL : 0, at);
        oscillator.frequency.setValueAtTime(first, at);
        at += ms / 1000;
        oscillator.frequency.linearRampToValueAtTime(last, at);
      }
    }
  }

  function listen(button, sweeps) {
    const sound = new AudioContext();
    const oscillator = new OscillatorNode(sound);
    const gain = new GainNode(sound);
    plan(oscillator, gain, sweeps, sound.currentTime);
    oscillator.connect(gain).connect(sound.destination);
    oscillator.onended = () => stop();
    oscillator.start();
    oscillator.stop(sound.currentTime + SOUNDS_S);
    button.setAttribute("aria-pressed", "true");
    stop = () => {
      stop = () => {};
      button.setAttribute("aria-pressed", "false");
      sound.close();
    };
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-listens]");
    if (!button) return;
    const wasOn = button.getAttribute("aria-pressed") === "true";
    stop();
    const chosen = document.getElementById(button.dataset.listens).selectedOptions[0];
    const sweeps = JSON.parse(chosen ? chosen.dataset.sweeps : "[]");
    if (!wasOn && sweeps.length) listen(button, sweeps);
  });
  document.addEventListener("change", (event) => {
    if (document.querySelector(`[data-listens="${CSS.escape(event.target.id)}"]`)) stop();
  });
})();
