// The emergency desk beyond htmx: the seconds to a release run down, and areas are picked.
"use strict";

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
