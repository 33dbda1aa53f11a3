// Puts the page together: clicks and keys.

import { byId } from "./api.js";
import { dismissReply, press } from "./actions.js";
import { start as startAttaching } from "./attach.js";
import { lastDecided, start as startBoard } from "./board.js";
import { focusLine, start as startCommand } from "./command.js";
import "./gallery.js";
import { selected, step } from "./selection.js";

let clicked = ""; // what the first of several quick clicks was on

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-press]");
  if (event.detail < 2) clicked = button?.dataset.press;
  if (button && !isSecondHalf(event, button)) press(button);
  const unfold = event.target.closest(".unfold");
  if (unfold) toggle(unfold);
  if (event.target.id === "show-keys") byId("keys").showModal();
  const menu = document.querySelector(".me");
  if (menu?.open && (!menu.contains(event.target) || event.target.id === "show-keys")) menu.open = false;
});

// Of a double click whose first half was answered before: the card is another one by then, or offers to undo it.
const isSecondHalf = (event, button) =>
  event.detail > 1 && "key" in button.dataset && button.dataset.press !== clicked;

function toggle(button) {
  const open = button.ariaExpanded !== "true";
  for (const part of button.parentElement.querySelectorAll(":scope > .rest, :scope > .left-out")) part.hidden = !open;
  button.ariaExpanded = String(open);
  button.textContent = open ? "Show less" : "Show the whole text";
}

const acts = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => focusLine(),
  "?": () => byId("keys").showModal(),
  escape: () => dismissReply(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog") || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const button = buttonFor(key);
  if (key in acts) {
    event.preventDefault();
    acts[key]();
  } else if (button && !event.repeat && !event.shiftKey) { // a key held down must not decide a row of cards
    event.preventDefault();
    press(button);
  }
});

function buttonFor(key) {
  const find = (card) => card && [...card.querySelectorAll("[data-key]")].find((b) => b.dataset.key === key);
  // the selection moves on after a decision, and undo is meant for what was just decided
  return find(selected()) ?? (key === "u" ? find(lastDecided()) : undefined);
}

startAttaching();
startCommand();
startBoard();
