// The command box: completion, history, and Enter.

import { byId, post } from "./api.js";
import { show, showReply } from "./actions.js";
import { detach, fields, offer } from "./attach.js";

const WAIT = 80; // ms after the last key before completions are asked for
const KEPT = 100; // lines of history

const line = byId("line");
const list = byId("completions");
const history = JSON.parse(localStorage.getItem("botcore-history") ?? "[]");
let at = history.length;
let draft = "";
let asked = 0; // answers to older questions are dropped
let timer = 0;
let fresh = false; // whether the list goes with what is typed
let tabbed = false; // Tab was pressed before it did

export function start() {
  line.addEventListener("input", ask);
  line.addEventListener("keydown", onKey);
  line.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the box keeps the focus
    const option = event.target.closest("[role=option]");
    if (option) accept(option);
  });
  byId("command").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
}

export function focusLine() {
  line.focus();
  line.select();
  ask();
}

function ask() {
  byId("slash").hidden = line.value.startsWith("/"); // typed or not, one is seen
  clearTimeout(timer);
  fresh = tabbed = false;
  point(null);
  const mine = ++asked;
  timer = setTimeout(async () => {
    const { completions = [], file } = await post("complete", { line: line.value });
    if (mine !== asked) return;
    offer(file);
    if (document.activeElement === line) open(completions);
  }, WAIT);
}

function open(completions) {
  list.replaceChildren(...completions.map((completion, i) => {
    const option = document.createElement("li");
    option.id = `completion-${i}`;
    option.role = "option";
    option.dataset.text = completion.text;
    const label = document.createElement("span");
    label.textContent = completion.label;
    const help = document.createElement("small");
    help.textContent = completion.help;
    option.append(label, help);
    return option;
  }));
  list.hidden = !completions.length;
  line.ariaExpanded = String(!list.hidden);
  point(null);
  fresh = true;
  if (tabbed && !list.hidden) accept(list.firstElementChild);
}

function close() {
  clearTimeout(timer);
  asked++;
  tabbed = false;
  list.hidden = true;
  line.ariaExpanded = "false";
  point(null);
}

function point(option) {
  list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) line.setAttribute("aria-activedescendant", option.id);
  else line.removeAttribute("aria-activedescendant");
}

const pointed = () => (list.hidden ? null : list.querySelector("[aria-selected=true]"));

function accept(option) {
  const { text } = option.dataset;
  const open = (line.value.match(/"/g) ?? []).length % 2; // a quotation mark holds the word being typed together
  const start = line.value.replace(open ? /[^\s"]*"[^"]*$/ : /[^\s]*$/, "");
  const slash = !start && line.value.startsWith("/") ? "/" : "";
  line.value = start + slash + text + (text.endsWith("=") ? "" : " ");
  line.setSelectionRange(line.value.length, line.value.length);
  ask();
}

function onKey(event) {
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.isComposing) return;
  if (event.key in moves) {
    event.preventDefault();
    if (!list.hidden && (pointed() || event.key === "ArrowDown")) walk(moves[event.key]);
    else recall(moves[event.key]);
  } else if (event.key === "Tab" && !event.shiftKey && !list.hidden) {
    event.preventDefault();
    if (fresh) accept(pointed() ?? list.firstElementChild);
    else tabbed = true;
  } else if (event.key === "Enter" && pointed()) {
    event.preventDefault();
    accept(pointed());
  } else if (event.key === "Escape") {
    event.stopPropagation();
    if (list.hidden) line.blur();
    else close();
  }
}

function walk(direction) {
  const options = [...list.children];
  const next = options.indexOf(pointed()) + direction;
  point(options[next] ?? null); // past either end: back to what was typed
}

function recall(direction) {
  if (at === history.length) draft = line.value;
  at = Math.min(Math.max(at + direction, 0), history.length);
  line.value = history[at] ?? draft;
  byId("slash").hidden = line.value.startsWith("/");
  close();
  const mine = asked;
  post("complete", { line: line.value }).then(({ file }) => mine === asked && offer(file));
}

async function run() {
  const sent = line.value;
  const text = sent.trim();
  if (!text || line.ariaBusy === "true") return;
  close();
  remember(text);
  line.ariaBusy = "true";
  const words = `/${text.replace(/^\//, "")}`;
  const file = fields();
  const reply = await post("command", { line: text, ...file });
  line.ariaBusy = "false";
  if (reply.failed) return showReply(words, reply.text);
  if (fields().file === file.file) detach();
  if (line.value === sent) empty(); // else it is the next one, typed meanwhile
  show(reply, { line: words });
}

function empty() {
  line.value = "";
  offer(false);
  byId("slash").hidden = false;
}

function remember(text) {
  if (history.at(-1) !== text) history.push(text);
  history.splice(0, history.length - KEPT);
  at = history.length;
  draft = "";
  localStorage.setItem("botcore-history", JSON.stringify(history));
}
