// The waveform above the player: drawn from stored peaks, so nothing is fetched before "play".
"use strict";
{
  const wave = document.getElementById("wave");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  if (wave && window.WaveSurfer) {
    WaveSurfer.create({
      container: wave,
      media: document.getElementById("player"),
      peaks: [JSON.parse(wave.dataset.peaks)],
      duration: Number(wave.dataset.seconds),
      cspNonce: wave.dataset.nonce,
      height: 80,
      barWidth: 2,
      barGap: 1,
      normalize: true,
      waveColor: colour("--quiet"),
      progressColor: colour("--brand"),
    });
  }
}
