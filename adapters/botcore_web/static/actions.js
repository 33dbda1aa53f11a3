// Presses, and what comes back.

import { byId, element, post, words } from "./api.js";
import { decidedHere, replace } from "./board.js";
import { begin, endWhenMoved, isBusy, release } from "./busy.js";
import { ask } from "./form.js";
import { isWaiting, select, selected } from "./selection.js";
import { refreshTimes } from "./times.js";

let saved = ""; // the address of the file that the last answer brought

const TOAST = 160; // characters; longer replies stay until they are dismissed

export async function press(button) {
  const card = button.closest(".card");
  if (isBusy(card)) return;
  const { hand } = card.dataset;
  const turn = begin(card);
  const reply = await post("act", { button: button.dataset.press });
  if (isReplaced(card) && !reply.form) toast(reply.text || inShort(reply.card), reply.result);
  else show(reply, { card: byId(card.id) ?? card, wide: button.dataset.press.startsWith("compare:") });
  endWhenMoved(turn, goesOn(reply) && hand);
}

// A private card whose place another one has taken, which is being read now.
const isReplaced = (card) => card.id === "reply-card" && !card.isConnected && byId("reply-card") !== null;

function inShort(html) {
  const card = element(html ?? "<p></p>");
  return [...card.querySelectorAll("h2, .badge")].map((part) => part.textContent).join(": ") || "Done.";
}

export const isDone = (reply) => reply.result === "done" && !reply.failed;
export const goesOn = (reply) => isDone(reply) && !reply.form && !reply.card && !reply.file;

export function show(reply, { card = null, line = "", wide = false } = {}) {
  if (reply.form) return ask(reply, card);
  const fresh = reply.card && element(reply.card);
  const own = card?.id === "own-card";
  if (fresh?.matches(".queue")) {
    if (reply.text) toast(reply.text, reply.result);
    return showOwn(fresh);
  }
  if (own && reply.replaces) closeOwn();
  const inPanel = own || card?.id === "reply-card";
  if (fresh || reply.file) showReply(line, reply.text, fresh, wide, reply.file);
  else if (reply.text) {
    const long = reply.text.length > TOAST || reply.text.includes("\n");
    if (line || long || (inPanel && isDone(reply))) showReply(line, reply.text);
    else toast(reply.text, reply.result);
  }
  if (goesOn(reply) && card && !inPanel) decidedHere(card);
}

// A queue of one's own is a place to work, beside the board's cards; other replies come and go next to it.
function showOwn(fresh) {
  const old = byId("own-card");
  refreshTimes(fresh);
  if (old) return replace(old, fresh);
  byId("own").replaceChildren(fresh);
  byId("own").hidden = false;
  select(fresh);
}

// Nobody tells the page of changes in a queue of one's own: one that has run dry, or whose pictures are being fetched,
// is asked for again: the same, of the same accounts.
export async function refreshOwn() {
  const own = byId("own-card");
  const [, queue] = own?.querySelector("[data-press^='stop:']")?.dataset.press.split(":") ?? [];
  if (!queue || !(own.dataset.hand === "none" || own.querySelector(".thumb.loading"))) return;
  const reply = await post("act", { button: `alone:${queue}:0` }, { quietly: true });
  const fresh = reply.card && element(reply.card);
  if (fresh?.matches(".queue") && byId("own-card") === own && !isBusy(own)) showOwn(fresh);
}

function closeOwn() {
  const wasSelected = selected()?.id === "own-card";
  byId("own").hidden = true;
  byId("own").replaceChildren();
  if (wasSelected) select([...document.querySelectorAll("#open > .card")].find(isWaiting) ?? null, { quietly: true });
}

export function showReply(line, text, card = null, wide = false, file = null) {
  const body = byId("reply-body");
  const wasSelected = selected()?.id === "reply-card";
  byId("reply-line").textContent = line;
  body.replaceChildren();
  release("reply-card"); // what was pressed on the one before holds up nothing here
  if (text) {
    const said = document.createElement("p");
    said.className = "reply-text";
    said.append(...words(text));
    body.append(said);
  }
  URL.revokeObjectURL(saved);
  if (file) body.append(saveLink(file));
  if (card) {
    body.append(card);
    refreshTimes(body);
    if (wasSelected || body.querySelector("[data-key]")) select(byId("reply-card"), { quietly: true });
  }
  byId("reply").classList.toggle("wide", wide);
  byId("reply").hidden = false;
  byId("reply").scrollTop = 0;
  byId("legend").hidden = true;
}

// Its type is one that no browser shows: what is in it may be anybody's words.
function saveLink({ name, text }) {
  saved = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.className = "btn solid save";
  link.href = saved;
  link.download = name;
  link.textContent = `Save ${name}`;
  return link;
}

export function dismissReply() {
  if (byId("reply").hidden) return false;
  URL.revokeObjectURL(saved);
  byId("reply").hidden = true;
  byId("reply-body").replaceChildren();
  byId("legend").hidden = false;
  return true;
}

export function toast(text, result = "done") {
  document.querySelector(".toast[data-result=done]")?.remove(); // the newest counts
  const note = document.createElement("p");
  note.className = "toast";
  note.dataset.result = result;
  note.append(...words(text));
  note.addEventListener("click", () => note.remove());
  byId("toasts").append(note);
  setTimeout(() => note.remove(), result === "done" ? 5000 : 9000);
  while (byId("toasts").children.length > 4) byId("toasts").firstElementChild.remove();
}

byId("reply-close").addEventListener("click", dismissReply);
