// What the pages do beyond links and forms: they stay up to date, copy texts, and fill a field from a file.
"use strict";

/** Replaces what is different in the page by what the server says now; what changed glows for a moment. */
function merge(present, fresh) {
  const known = new Map([...present.querySelectorAll("[data-key]")].map((element) => [path(element), element]));
  for (const next of fresh.querySelectorAll("[data-key]")) {
    const now = known.get(path(next));
    next.dataset.changed = now ? String(text(now) !== text(next)) : "true";
  }
  const focus = document.activeElement && present.contains(document.activeElement) ? path(document.activeElement) : "";
  const opened = new Map([...present.querySelectorAll("details")].map((details) => [path(details), details.open]));
  present.replaceChildren(...fresh.childNodes);
  for (const element of present.querySelectorAll("[data-key]")) {
    // The innermost element that changed glows, not everything around it.
    if (element.dataset.changed === "true" && !element.querySelector("[data-changed=true]")) element.classList.add("glow");
    delete element.dataset.changed;
  }
  for (const details of present.querySelectorAll("details")) details.open = opened.get(path(details)) ?? details.open;
  if (focus) [...present.querySelectorAll("*")].find((element) => path(element) === focus)?.focus({ preventScroll: true });
}

/** An element's place: the nearest keys, and its number among those of its kind below them. */
function path(element) {
  const steps = [];
  for (let node = element; node && node.id !== "main" && node.parentElement; node = node.parentElement) {
    if (node.dataset && node.dataset.key) steps.push(`=${node.dataset.key}`);
    else if (!steps.some((step) => step.startsWith("="))) {
      steps.push(`${node.tagName}${[...node.parentElement.children].filter((other) => other.tagName === node.tagName).indexOf(node)}`);
    }
  }
  return steps.join("/");
}

/** What an element says. Of a time the moment counts, not how long ago it is: that is other words at every look. */
function text(element) {
  const copy = element.cloneNode(true);
  for (const time of copy.querySelectorAll("time")) time.textContent = time.dateTime;
  return element.className.replace(" glow", "") + copy.textContent;
}

/** Reads the page again after each event of the server, one request at a time. */
function live(main) {
  let reading = false, again = false;
  async function read() {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const answer = await fetch(location.href, { headers: { "x-fauxtune-live": "1" } });
      if (answer.ok && !busy(main)) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("main"), time = page.querySelector("header .clock");
        if (fresh) merge(main, fresh);
        const clock = document.querySelector("header .clock");
        if (time && clock && !clock.contains(document.activeElement)) clock.replaceChildren(...time.childNodes);
      }
    } catch { /* the stream's own retry says when the server is back */ }
    reading = false;
    if (again) { again = false; read(); }
  }
  const stream = new EventSource(main.dataset.live);
  stream.addEventListener("changed", read);
  stream.addEventListener("gone", () => { stream.close(); location.reload(); });
  addEventListener("pagehide", () => stream.close());
}

/** Whether somebody is filling in a form of the page: it must not change under their hands. */
function busy(main) {
  const active = document.activeElement;
  if (active && main.contains(active) && active.matches("input, textarea, select")) return true;
  return [...main.querySelectorAll("form.fields input, form.fields textarea")].some((field) => field.value !== field.defaultValue);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});

document.documentElement.classList.add("scripts");
const main = document.querySelector("main[data-live]");
if (main) live(main);
