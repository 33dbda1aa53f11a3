// The file that goes with a command: chosen beside the command box, or dropped on the page.

import { byId } from "./api.js";
import { toast } from "./actions.js";

const MOST = 256_000; // bytes

const box = byId("attach");
const input = byId("file");
let attached = null;
let wanted = false; // whether the command that is typed takes one

export function start() {
  input.addEventListener("change", () => take(input.files[0]));
  byId("detach").addEventListener("click", detach);
  document.addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    document.body.dataset.dropping = "";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete document.body.dataset.dropping;
  });
  document.addEventListener("drop", (event) => {
    delete document.body.dataset.dropping;
    if (!hasFile(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
    byId("line").focus();
  });
}

// Whether a file can be chosen; one that was stays until it is sent or taken away.
export function offer(takesFile) {
  wanted = Boolean(takesFile);
  draw();
}

export const fields = () => (attached ? { file: attached.text, file_name: attached.name } : {});

export function detach() {
  attached = null;
  input.value = "";
  draw();
}

const hasFile = (event) => event.dataTransfer?.types.includes("Files");

async function take(file) {
  if (!file) return;
  detach();
  if (file.size > MOST) return toast(`The file ${file.name} is too large: at most ${MOST / 1000} kB are taken.`, "refused");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    attached = { name: file.name, text };
  } catch (error) {
    const why = error instanceof TypeError ? "is not text in UTF-8: save it as UTF-8, and choose it again" : "cannot be read";
    toast(`The file ${file.name} ${why}.`, "refused");
  }
  draw();
}

function draw() {
  box.hidden = !wanted && !attached;
  byId("detach").hidden = !attached;
  byId("attach-name").textContent = attached?.name ?? "Attach a file";
}
