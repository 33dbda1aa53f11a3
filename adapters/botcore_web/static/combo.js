// Choices that are searched by typing: one of many, or several of many. What is typed and is none of them is sent as it
// is, and the bot says what it makes of it.

const SHOWN = 200; // choices in the list at once

export const armAll = (part) => part.querySelectorAll(".combo").forEach(arm);

function arm(box) {
  const line = box.querySelector("[role=combobox]");
  const kept = box.querySelector("input[type=hidden]");
  const list = box.querySelector("[role=listbox]");
  const chips = box.querySelector(".chips");
  let picked = chips ? partsOf(kept.value) : [];
  let typing = false; // the line holds a search, not what was chosen

  const offered = () => [...box.querySelector("datalist").options].map((o) => ({ value: o.value, label: o.text }));
  const labelOf = (value) => offered().find((choice) => choice.value === value)?.label;
  const isChosen = (value) => (chips ? picked.includes(value) : kept.value === value);
  const pointed = () => list.querySelector(".pointed");

  function keep() {
    const typed = line.value.trim();
    kept.value = chips ? [...picked, ...partsOf(typed)].join(",") : valueOf(offered(), typed) ?? typed;
  }

  const tell = (name) => kept.dispatchEvent(new Event(name, { bubbles: true }));

  function open() {
    const found = typing ? matching(offered(), line.value) : offered();
    list.replaceChildren(...found.slice(0, SHOWN).map(optionOf));
    if (found.length > SHOWN) list.append(remark(`${found.length - SHOWN} more: type to find them`));
    if (!found.length) list.append(remark("None has these words"));
    list.hidden = false;
    line.ariaExpanded = "true";
    // Enter takes what is pointed at: the best of a search, or what was chosen already
    if (typing) point(line.value.trim() ? list.querySelector("[data-value]") : null);
    else point(chips ? null : list.querySelector("[aria-selected=true]"));
    list.scrollIntoView({ block: "nearest" });
  }

  function close() {
    list.hidden = true;
    line.ariaExpanded = "false";
    point(null);
  }

  function optionOf({ value, label }, i) {
    const option = document.createElement("li");
    option.id = `${list.id}-${i}`;
    option.role = "option";
    option.dataset.value = value;
    option.ariaSelected = String(isChosen(value));
    const [name, note] = partedAt(label);
    const words = document.createElement("span");
    words.textContent = name;
    option.append(words);
    if (note) {
      const small = document.createElement("small");
      small.textContent = note;
      option.append(" ", small);
    }
    return option;
  }

  function point(option) {
    pointed()?.classList.remove("pointed");
    option?.classList.add("pointed");
    option?.scrollIntoView({ block: "nearest" });
    if (option) line.setAttribute("aria-activedescendant", option.id);
    else line.removeAttribute("aria-activedescendant");
  }

  function walk(direction) {
    if (list.hidden) open();
    const options = [...list.querySelectorAll("[data-value]")];
    const at = options.indexOf(pointed());
    if (at < 0) point(options.at(direction > 0 ? 0 : -1) ?? null);
    else point(options[at + direction] ?? options[at]);
  }

  function choose(value) {
    if (chips) return toggle(value);
    line.value = labelOf(value);
    kept.value = value;
    typing = false;
    close();
    tell("input");
    tell("change");
  }

  function toggle(value) {
    const searched = typing;
    if (!picked.includes(value)) picked = [...picked, value];
    else if (!searched) picked = picked.filter((other) => other !== value); // what is searched for is wanted
    line.value = "";
    typing = false;
    keep();
    drawChips();
    tell("input"); // more may follow: the answer is given once the line is left
    if (list.hidden) return;
    if (searched) return open();
    for (const option of list.querySelectorAll("[data-value]")) option.ariaSelected = String(isChosen(option.dataset.value));
  }

  // What was typed, once the line is left: what it can only mean, or else the words themselves.
  function settle() {
    if (!typing) return;
    typing = false;
    const typed = line.value.trim();
    if (chips) {
      const meant = partsOf(typed).map((word) => meantBy(offered(), word));
      picked = [...new Set([...picked, ...meant])];
      line.value = "";
      keep();
      drawChips();
    } else {
      kept.value = meantBy(offered(), typed);
      line.value = labelOf(kept.value) ?? typed;
    }
    tell("input");
  }

  function drawChips() {
    const known = new Map(offered().map(({ value, label }) => [value, label]));
    chips.replaceChildren(...picked.map((value) => chipOf(value, known)));
  }

  function refresh() {
    if (chips) drawChips();
    else if (!typing) line.value = labelOf(kept.value) ?? kept.value;
    if (!list.hidden) open();
  }

  line.addEventListener("focus", () => line.select());
  line.addEventListener("click", () => {
    if (!typing) line.select();
    if (list.hidden) open();
  });
  line.addEventListener("input", () => {
    typing = true;
    keep();
    open();
  });
  line.addEventListener("blur", () => {
    close();
    settle();
    tell("change");
  });
  line.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key in moves) walk(moves[event.key]);
    else if (event.key === "Enter" && pointed()) choose(pointed().dataset.value);
    else if ((event.key === "Enter" || event.key === ",") && chips && line.value.trim()) {
      settle();
      open();
    } else if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Backspace" && picked.length && !line.value) toggle(picked.at(-1));
    else {
      if (event.key === "Tab" && typing && pointed()) choose(pointed().dataset.value);
      return;
    }
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the line keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-value]");
    if (option) choose(option.dataset.value);
  });
  chips?.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-value]");
    if (!chip) return;
    toggle(chip.dataset.value);
    line.focus();
  });
  box.addEventListener("choices", refresh);
  if (chips) drawChips();
}

function chipOf(value, known) {
  const [name] = partedAt(known.get(value) ?? value);
  const item = document.createElement("li");
  const chip = document.createElement("button");
  const words = document.createElement("span");
  chip.type = "button";
  chip.className = known.has(value) ? "chip" : "chip unknown";
  chip.dataset.value = value;
  chip.ariaLabel = `Remove ${name}`;
  words.className = "chip-name";
  words.textContent = name;
  chip.append(words);
  item.append(chip);
  return item;
}

function remark(text) {
  const item = document.createElement("li");
  item.role = "option";
  item.ariaDisabled = "true";
  item.textContent = text;
  return item;
}

// Those that have all the words, and first those in which words begin so.
function matching(options, typed) {
  const words = plain(typed).split(" ").filter(Boolean);
  const found = options.filter(({ value, label }) => words.every((word) => plain(`${label} ${value}`).includes(word)));
  const begins = ({ label }) => words.every((word) => ` ${plain(label)}`.includes(` ${word}`));
  return [...found.filter(begins), ...found.filter((choice) => !begins(choice))];
}

function meantBy(options, typed) {
  const found = typed ? matching(options, typed) : [];
  return valueOf(options, typed) ?? (found.length === 1 ? found[0].value : typed);
}

const valueOf = (options, typed) =>
  options.find(({ value, label }) => value.toLowerCase() === typed.toLowerCase() || plain(label) === plain(typed))?.value;

const plain = (text) => text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean).join(" ");

const partsOf = (text) => text.split(/[,\n]/).map((part) => part.trim()).filter(Boolean);

// `Simple sign up · from $0.05`: the name of a choice, and what else is said of it.
const partedAt = (label) => label.split(/ · (.*)/s, 2);
