// Looks at a form while it is filled in: what is wrong with each answer, and what they come to.

import { answersOf, controlOf, errorOf, markedOf, say, sumUp } from "./answers.js";
import { element, post } from "./api.js";
import { armAll } from "./combo.js";

const WAIT = 300; // ms after the last change before the bot is asked
const REST = 1000; // ms without typing, after which an answer counts as given though it has not been left

export function watch(form, sent) {
  // answers that have been given; of others nothing is said
  const given = new Set([...form.querySelectorAll(".input")].filter((input) => sent || errorOf(input)).map(nameOf));
  let changes = 0;
  let asking = false;
  let again = false;
  let latest = null; // the form as the bot saw these very answers
  let putting = false; // what loses the focus while it is replaced says that it changed
  let waiting = 0;
  let resting = 0;

  async function look() {
    if (asking) again = true;
    if (asking || !form.isConnected || form.ariaBusy === "true") return;
    asking = true;
    const asked = changes;
    const { form: html } = await post("check", { form: form.dataset.form, ...answersOf(form) }, { quietly: true });
    asking = false;
    if (html && asked === changes) {
      latest = element(html);
      show();
    }
    if (again) {
      again = false;
      look();
    }
  }

  function show() {
    if (!latest || !form.isConnected) return;
    putting = true;
    put(form, latest, given);
    putting = false;
  }

  function give(name) {
    if (!name || given.has(name) || putting) return;
    given.add(name);
    show();
  }

  form.addEventListener("input", (event) => {
    if (putting) return;
    changes++;
    latest = null;
    clearTimeout(waiting);
    clearTimeout(resting);
    waiting = setTimeout(look, WAIT);
    resting = setTimeout(give, REST, named(event));
  });
  form.addEventListener("change", (event) => give(named(event)));
}

const nameOf = (input) => input.dataset.input;
const named = (event) => event.target.closest("[data-input]")?.dataset.input;

// Makes the form show what the bot said of it. What is typed, the focus and what is unfolded stay.
function put(form, latest, given) {
  const fresh = latest.cloneNode(true);
  for (const input of fresh.querySelectorAll(".input")) if (!given.has(nameOf(input))) mark(input, "");
  const names = (part) => [...part.querySelectorAll(".input")].map(nameOf).join("\n");
  if (names(form) !== names(fresh)) rebuild(form, fresh);
  else for (const theirs of fresh.querySelectorAll(".input")) putInput(find(form, nameOf(theirs)), theirs);
  say(form.querySelector(".note"), fresh.querySelector(".note").textContent);
  sumUp(form);
}

const find = (form, name) => form.querySelector(`[data-input="${CSS.escape(name)}"]`);

function putInput(mine, theirs) {
  if (mine.dataset.version !== theirs.dataset.version) {
    const choices = mine.querySelector("datalist");
    if (!choices || !theirs.querySelector("datalist")) return replace(mine, theirs);
    choices.replaceWith(theirs.querySelector("datalist"));
    mine.dataset.version = theirs.dataset.version;
    mine.querySelector(".combo").dispatchEvent(new Event("choices"));
  }
  const help = [mine, theirs].map((input) => input.querySelector(".help"));
  if (help.every(Boolean)) say(help[0], help[1].textContent);
  mark(mine, errorOf(theirs));
}

function mark(input, error) {
  const marked = markedOf(input);
  const notes = [input.querySelector(".help"), error && input.querySelector(".error")].filter(Boolean);
  say(input.querySelector(".error"), error);
  marked.ariaInvalid = error ? "true" : null;
  if (notes.length) marked.setAttribute("aria-describedby", notes.map(({ id }) => id).join(" "));
  else marked.removeAttribute("aria-describedby");
}

function replace(mine, fresh) {
  const focused = mine.contains(document.activeElement) && document.activeElement.id;
  mine.replaceWith(fresh);
  armAll(fresh);
  if (focused) (fresh.querySelector(`#${CSS.escape(focused)}`) ?? controlOf(fresh)).focus();
}

// Other questions than before: the form is made anew around what is being typed.
function rebuild(form, fresh) {
  const old = form.querySelector(".form-body");
  const body = fresh.querySelector(".form-body");
  const unfolded = [...old.querySelectorAll(".group[open]")].map((group) => group.dataset.group);
  const focus = document.activeElement.closest("[data-input]");
  const { selectionStart, selectionEnd } = document.activeElement;
  const top = old.scrollTop;
  for (const group of body.querySelectorAll(".group")) group.open = unfolded.includes(group.dataset.group);
  old.replaceWith(body);
  armAll(body);
  body.scrollTop = top;
  const control = focus && find(form, nameOf(focus)) && controlOf(find(form, nameOf(focus)));
  control?.focus({ preventScroll: true });
  if (typeof selectionStart === "number") control?.setSelectionRange?.(selectionStart, selectionEnd);
}
