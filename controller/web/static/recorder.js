// Records with the microphone and puts a WAV file into the form, which then is like any other file.
"use strict";

function wavOf(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // mono
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, sample)), true));
  return view.buffer;
}

async function recorded(chunks, type) {
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await new Blob(chunks, { type }).arrayBuffer());
  context.close();
  const name = `thu-am-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-")}.wav`;
  return new File([wavOf(sound.getChannelData(0), sound.sampleRate)], name, { type: "audio/wav" });
}

function prepare(box) {
  const part = (name) => box.querySelector(`[data-${name}]`);
  const input = document.getElementById(box.dataset.recorder);
  const player = box.querySelector("audio");
  let recorder, timer;
  box.hidden = false;
  part("start").addEventListener("click", async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const chunks = [];
    const began = Date.now();
    recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
    recorder.addEventListener("stop", async () => {
      stream.getTracks().forEach((track) => track.stop());
      clearInterval(timer);
      const file = await recorded(chunks, recorder.mimeType);
      const files = new DataTransfer();
      files.items.add(file);
      input.files = files.files;
      player.src = URL.createObjectURL(file);
      player.hidden = part("start").hidden = false;
      part("start").hidden = false;
      part("stop").hidden = true;
    });
    timer = setInterval(() => {
      const seconds = Math.floor((Date.now() - began) / 1000);
      part("time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }, 500);
    recorder.start(1000);
    part("start").hidden = true;
    part("stop").hidden = false;
  });
  part("stop").addEventListener("click", () => recorder.stop());
}

if (navigator.mediaDevices && window.MediaRecorder) document.querySelectorAll("[data-recorder]").forEach(prepare);
