// What pages need beyond htmx. No inline scripts anywhere: the content security policy forbids them.
"use strict";

// An upload shows how far it is: <progress data-upload> inside its form.
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = event.target.querySelector("progress[data-upload]");
  if (bar && event.detail.lengthComputable) {
    bar.hidden = false;
    bar.max = event.detail.total;
    bar.value = event.detail.loaded;
  }
});

// A problem is brought into view and read aloud (role="alert"), and gone when the form is sent again.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.classList.contains("problem")) event.target.scrollIntoView({ block: "nearest" });
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const problem = event.target.querySelector && event.target.querySelector(".problem");
  if (problem) problem.textContent = "";
});

// "Listen": the text of the form as the chosen voice reads it, without keeping it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-listen]");
  if (!button) return;
  const form = button.form;
  const player = document.getElementById("listen");
  const headers = { "HX-Request": "true" };
  button.disabled = true;
  const answer = await fetch(button.dataset.listen, { method: "POST", body: new FormData(form), headers });
  button.disabled = false;
  form.querySelector(".problem").innerHTML = answer.ok ? "" : await answer.text();
  player.hidden = !answer.ok;
  if (!answer.ok) return;
  player.src = URL.createObjectURL(await answer.blob());
  player.play().catch(() => {}); // the browser may want a second tap
});

// A long text is previewed when one leaves the field or presses the button, not at each pause in typing.
const LONG_TEXT = 4000;
document.addEventListener("htmx:beforeRequest", (event) => {
  const cause = event.detail.requestConfig.triggeringEvent;
  if (event.target.id === "preview" && cause?.type === "input" && cause.target.value.length > LONG_TEXT) event.preventDefault();
});

// One sentence of a preview alone: a link to its sound without scripts, a button that plays with them.
const voice = new Audio();
let speaking = null;
function silence() {
  if (speaking) speaking.textContent = speaking.textContent.replace("■", "▶");
  speaking = null;
  voice.pause();
}
voice.addEventListener("ended", silence);
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-say]");
  if (!link) return;
  event.preventDefault();
  const isAgain = link === speaking;
  silence();
  if (isAgain) return;
  speaking = link;
  link.textContent = link.textContent.replace("▶", "■");
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
  const problem = link.closest("details, section").querySelector("[data-say-problem]");
  problem.innerHTML = answer.ok ? "" : await answer.text();
  if (!answer.ok) silence();
  if (!answer.ok || speaking !== link) return;
  URL.revokeObjectURL(voice.src);
  voice.src = URL.createObjectURL(await answer.blob());
  voice.play().catch(silence); // the browser may want a second tap
});

// An audio that was heard to its end is told to the server, which alone decides what that allows.
document.addEventListener("ended", (event) => {
  const player = event.target;
  if (player.dataset && "hearing" in player.dataset) htmx.trigger(player, "heard");
}, true);

// The approval or release opens when every sound on the page was heard; the server refuses it before.
document.addEventListener("htmx:afterSwap", () => {
  const marks = [...document.querySelectorAll("[data-hearing-mark]")];
  if (!marks.length || marks.some((mark) => !mark.querySelector("[data-is-heard]"))) return;
  document.querySelectorAll("[data-locked]").forEach((button) => {
    button.disabled = false;
  });
});

// Items of a programme: up, down, out. The focus stays on the button that was pressed.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const item = button.closest("li");
  const { previousElementSibling: before, nextElementSibling: after } = item;
  if (button.dataset.move === "up" && before) before.before(item);
  if (button.dataset.move === "down" && after) after.after(item);
  if (button.dataset.move === "out") item.remove();
  button.focus();
});

// The schedule form shows only the fields of the chosen way to repeat.
function showFields() {
  const repeat = document.querySelector("#rule [name=repeat]");
  document.querySelectorAll("[data-shown-for]").forEach((part) => {
    part.hidden = !repeat || part.dataset.shownFor !== repeat.value;
  });
}
document.addEventListener("change", (event) => event.target.name === "repeat" && showFields());
showFields();

// What refreshes itself keeps open what a person has opened.
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.target.querySelectorAll("details[id][open]")].map((part) => part.id);
});
document.addEventListener("htmx:afterSwap", () => {
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
});
