// The emergency desk beyond htmx: what was listened to is told, and the seconds to a release run down.
"use strict";

// An audio that was heard to its end is told to the server, which alone decides what that allows.
document.addEventListener("ended", (event) => {
  const player = event.target;
  if (player.dataset && "hearing" in player.dataset) htmx.trigger(player, "heard");
}, true);

// The release opens when every sound on the page was heard; the server would refuse it before.
document.addEventListener("htmx:afterSwap", () => {
  const marks = [...document.querySelectorAll("[data-hearing-mark]")];
  if (!marks.length || marks.some((mark) => !mark.querySelector("[data-is-heard]"))) return;
  document.querySelectorAll("[data-locked]").forEach((button) => {
    button.disabled = false;
  });
});

// <output data-left="8.4"> counts down from what the server said, whatever this machine's clock says.
function countDown(output) {
  if (output.dataset.running) return;
  output.dataset.running = "yes";
  const ends = performance.now() + 1000 * Number(output.dataset.left);
  const tick = () => {
    if (!output.isConnected) return;
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    output.textContent = left;
    if (left) setTimeout(tick, 200);
  };
  tick();
}
const countAll = (part) => part.querySelectorAll("[data-left]").forEach(countDown);
document.addEventListener("htmx:afterSwap", (event) => countAll(event.target));
countAll(document);

// The search of the area picker hides what does not match; what is chosen always stays in sight.
document.addEventListener("input", (event) => {
  const list = event.target.dataset && document.getElementById(event.target.dataset.filters || "");
  if (!list) return;
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();
  const wanted = plain(event.target.value);
  list.querySelectorAll("li").forEach((line) => {
    line.hidden = !plain(line.textContent).includes(wanted) && !line.querySelector("input:checked");
  });
});
