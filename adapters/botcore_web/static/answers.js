// What a form holds: its answers as they are sent, and in short what is set and wrong in it.

const CONTROL = "[role=combobox], textarea, select, input:not([type=hidden])";

// A box that is not checked says no, unless nothing was ever said of it.
export function answersOf(form) {
  const fields = {};
  for (const box of form.querySelectorAll("input[type=checkbox][name]")) fields[box.name] = box.dataset.off;
  for (const [name, value] of new FormData(form)) fields[name] = value;
  return fields;
}

// What the keyboard goes to, and what is named as wrong.
export const controlOf = (input) => input.querySelector(CONTROL);
export const markedOf = (input) => (input.matches("fieldset") ? input : controlOf(input));

export const errorOf = (input) => input.querySelector(".error").textContent;

export const wrongIn = (part) => [...part.querySelectorAll(".input")].filter(errorOf);

export function focusOn(input) {
  const group = input.closest("details");
  if (group) group.open = true;
  controlOf(input)?.focus({ preventScroll: true });
  input.scrollIntoView({ block: "nearest" });
}

// Says in the head of each group what is set in it, and in the foot how much is to be corrected.
export function sumUp(form) {
  for (const group of form.querySelectorAll(".group")) {
    const set = [...group.querySelectorAll(".input")].map(inShort).filter(Boolean).join(" · ");
    say(group.querySelector(".group-set"), set);
    say(group.querySelector(".group-wrong"), toCorrect(wrongIn(group).length));
  }
  const button = form.querySelector(".to-correct");
  const count = wrongIn(form).length;
  say(button, toCorrect(count));
  button.hidden = !count;
}

const toCorrect = (count) => (count ? `${count} to correct` : "");

// what is said aloud is not said again
export const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

function inShort(input) {
  const label = input.querySelector(".label").textContent;
  if (input.dataset.control === "check") return controlOf(input).checked ? label : "";
  const value = valueOf(input).trim();
  return value && `${label}: ${value}`;
}

function valueOf(input) {
  const texts = (selector) => [...input.querySelectorAll(selector)].map((element) => element.textContent);
  const control = controlOf(input);
  if (input.matches("fieldset")) return texts("input:checked:not([value='']) + span").join(", ");
  if (control.matches("select")) return control.value && control.selectedOptions[0].text;
  if (input.dataset.control === "chips") return texts(".chip-name").join(", ");
  const [first, ...more] = control.value.trim().split("\n");
  return more.length ? `${first} (${more.length} more)` : first;
}
