// A form: asked, sent, or left without losing what was typed.

import { answersOf, focusOn, sumUp, wrongIn } from "./answers.js";
import { goesOn, isDone, show } from "./actions.js";
import { byId, element, post, words } from "./api.js";
import { begin, endWhenMoved } from "./busy.js";
import { watch } from "./check.js";
import { armAll } from "./combo.js";
import { reselect, selected } from "./selection.js";

const dialog = byId("ask");
let begun = ""; // the answers as the form came
let closing = false;

const current = () => dialog.querySelector("form");
const isChanged = () => dialog.open && current() !== null && JSON.stringify(answersOf(current())) !== begun;

// The verb and the subject: what a form is about outlives its revision, with which its answers are kept.
const aboutOf = (id) => id.replace(/:[^:]*$/, "");

// `reply` brings it; what else the reply says stands above the answers, or with what is to be corrected.
export function ask(reply, card) {
  const { hand } = card?.dataset ?? {};
  const form = element(reply.form);
  const { form: before = "" } = current()?.dataset ?? {};
  const again = aboutOf(before) === aboutOf(form.dataset.form); // it came back to be corrected
  const unfolded = again ? [...dialog.querySelectorAll(".group[open]")].map((group) => group.dataset.group) : [];
  for (const group of form.querySelectorAll(".group")) group.open ||= unfolded.includes(group.dataset.group);
  armAll(form);
  dialog.replaceChildren(form);
  dialog.classList.toggle("roomy", form.matches(".large"));
  if (before !== form.dataset.form) begun = JSON.stringify(answersOf(form));
  if (isDone(reply)) form.querySelector(".said").append(...words(reply.text));
  else complain(form, reply.text);
  sumUp(form);
  form.querySelector("[data-cancel]").addEventListener("click", leave);
  form.querySelector("[data-leave]").addEventListener("click", close);
  form.querySelector("[data-stay]").addEventListener("click", stay);
  form.querySelector(".to-correct").addEventListener("click", () => focusOn(wrongIn(form)[0]));
  form.addEventListener("input", () => sumUp(form));
  form.addEventListener("change", (event) => gather(event.target.closest("[data-control=boxes]")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, card, hand);
  });
  if (!dialog.open) dialog.showModal();
  grow(form);
  if ("live" in form.dataset) watch(form, again);
  focusOn(wrongIn(form)[0] ?? form.querySelector(".input"));
}

async function send(form, card, hand) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const turn = card && begin(card);
  const reply = await post("form", { form: form.dataset.form, ...answersOf(form) });
  form.ariaBusy = "false";
  if (reply.failed || isToBeRepeated(reply, card, hand)) complain(form, reply.text);
  else {
    if (!reply.form && dialog.contains(form)) close();
    show(reply, { card: card && (byId(card.id) ?? card) });
    if (reply.card && !reply.form) byId("reply-card")?.focus({ preventScroll: true }); // its buttons are next
  }
  if (turn) endWhenMoved(turn, goesOn(reply) && hand);
}

// Refused in words alone, with what it is about still there to be decided: the answers may be needed again.
function isToBeRepeated(reply, card, hand) {
  const now = card && byId(card.id);
  const isOver = now && (now.dataset.waiting === "0" || now.dataset.hand !== hand);
  return reply.result === "refused" && !reply.form && !reply.card && !isOver;
}

function complain(form, text) {
  const error = form.querySelector(".form-error");
  error.replaceChildren(...words(text));
  error.hidden = !text;
}

// Several of a few: the boxes that are checked make one answer.
function gather(boxes) {
  if (!boxes) return;
  const checked = [...boxes.querySelectorAll("input:checked")].map((box) => box.value);
  boxes.querySelector("input[type=hidden]").value = checked.join(",");
  boxes.dispatchEvent(new Event("input", { bubbles: true }));
}

// Paragraphs grow with what is written in them; where styles cannot do it, this does.
function grow(form) {
  if (CSS.supports("field-sizing", "content")) return;
  const fit = (area) => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  form.querySelectorAll("textarea").forEach(fit);
  form.addEventListener("input", (event) => event.target.matches("textarea") && fit(event.target));
}

function leave() {
  if (!isChanged() || current().ariaBusy === "true") return close();
  current().querySelector(".leave").hidden = false;
  current().querySelector("[data-stay]").focus();
}

function stay() {
  current().querySelector(".leave").hidden = true;
  focusOn(lastFocused?.isConnected ? lastFocused : current().querySelector(".input"));
}

function close() {
  closing = true;
  dialog.close();
}

let lastFocused = null; // an input

dialog.addEventListener("focusin", (event) => {
  lastFocused = event.target.closest(".input") ?? lastFocused;
});
dialog.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || !current()) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) current().requestSubmit();
  else if (event.key === "Escape") {
    event.preventDefault();
    if (current().querySelector(".leave").hidden) leave();
    else stay();
  }
});
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  leave();
});
dialog.addEventListener("close", () => {
  const ours = closing;
  closing = false;
  if (!ours && current()) return reopen(); // a phone's second "back" closes whatever we say
  dialog.replaceChildren();
  if (document.activeElement === document.body) selected()?.focus({ preventScroll: true });
  reselect();
});
addEventListener("beforeunload", (event) => isChanged() && event.preventDefault());

function reopen() {
  dialog.showModal();
  leave();
}
