// Presses, forms, and what comes back.

import { byId, element, post } from "./api.js";
import { decidedHere } from "./board.js";
import { reselect, select, selected } from "./selection.js";
import { refreshTimes } from "./times.js";

const TOAST = 160; // characters; longer replies stay until they are dismissed

const busy = new Set(); // ids of cards with a press under way

export async function press(button) {
  const card = button.closest(".card");
  if (busy.has(card.id)) return;
  busy.add(card.id);
  markBusy(card);
  const reply = await post("act", { button: button.dataset.press });
  busy.delete(card.id);
  const now = byId(card.id) ?? card;
  markBusy(now);
  show(reply, { card: now });
}

// A card that was redrawn while its press is under way stays busy.
export function markBusy(card) {
  for (const button of card.querySelectorAll("[data-press]")) {
    button.ariaDisabled = busy.has(card.id) ? "true" : null;
  }
}

export function show(reply, { card = null, line = "" } = {}) {
  const private_ = card?.id === "reply-card";
  if (reply.form) return ask(reply.form, card);
  const done = reply.result === "done" && !reply.failed;
  if (reply.card) showReply(line, reply.text, reply.card);
  else if (reply.text) {
    if (line || reply.text.length > TOAST || reply.text.includes("\n") || (private_ && done)) showReply(line, reply.text);
    else toast(reply.text, reply.result);
  }
  if (done && card && !private_ && !reply.card) decidedHere(card);
}

export function showReply(line, text, html = "") {
  const body = byId("reply-body");
  const wasSelected = selected()?.id === "reply-card";
  byId("reply-line").textContent = line;
  body.replaceChildren();
  if (text) {
    const words = document.createElement("p");
    words.className = "reply-text";
    words.textContent = text;
    body.append(words);
  }
  if (html) {
    body.append(element(html));
    refreshTimes(body);
    if (wasSelected || body.querySelector("[data-key]")) select(byId("reply-card"), { quietly: true });
  }
  byId("reply").hidden = false;
  byId("reply").scrollTop = 0;
  byId("legend").hidden = true;
}

export function dismissReply() {
  if (byId("reply").hidden) return false;
  byId("reply").hidden = true;
  byId("reply-body").replaceChildren();
  byId("legend").hidden = false;
  return true;
}

export function toast(text, result = "done") {
  const note = document.createElement("p");
  note.className = "toast";
  note.dataset.result = result;
  note.textContent = text;
  note.addEventListener("click", () => note.remove());
  byId("toasts").append(note);
  setTimeout(() => note.remove(), result === "done" ? 5000 : 9000);
  while (byId("toasts").children.length > 4) byId("toasts").firstElementChild.remove();
}

function ask(html, card) {
  const dialog = byId("ask");
  const form = element(html);
  dialog.replaceChildren(form);
  form.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(dialog, form, card);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  if (!dialog.open) dialog.showModal();
  const first = form.querySelector("[aria-invalid=true]") ?? form.querySelector("input, textarea, select");
  (first?.matches("fieldset") ? first.querySelector("input") : first)?.focus();
}

async function send(dialog, form, card) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const fields = { form: form.dataset.form };
  for (const box of form.querySelectorAll("input[type=checkbox]")) fields[box.name] = "";
  for (const [name, value] of new FormData(form)) fields[name] = value;
  const reply = await post("form", fields);
  form.ariaBusy = "false";
  if (reply.failed) {
    const error = form.querySelector(".form-error");
    error.textContent = reply.text;
    error.hidden = false;
    return;
  }
  if (!reply.form && dialog.contains(form)) dialog.close();
  show(reply, { card: card && (byId(card.id) ?? card) });
}

byId("ask").addEventListener("close", () => {
  byId("ask").replaceChildren();
  if (document.activeElement === document.body) selected()?.focus({ preventScroll: true });
  reselect();
});

byId("reply-close").addEventListener("click", dismissReply);
