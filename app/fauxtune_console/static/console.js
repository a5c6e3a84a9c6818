// What the pages do beyond links and forms: they stay up to date, copy texts, and fill a field from a file.
"use strict";

/**
 * Makes an element what the server says now, and leaves alone what is the same: that keeps its focus, selection and
 * scrolling. Children with keys are known by them, others by their place. Returns whether something changed that no key
 * below it accounts for; the innermost element with a key around a change glows for a moment.
 */
function merge(now, next) {
  let changed = attributes(now, next);
  const present = keyed(now), coming = keyed(next);
  for (const [key, child] of present) {
    if (!coming.has(key)) { child.remove(); changed = true; }
  }
  let place = now.firstChild;
  for (const child of [...next.childNodes]) {
    const key = child.dataset?.key;
    const match = key ? present.get(key) : place && !place.dataset?.key && place.nodeName === child.nodeName ? place : null;
    if (!match) {
      now.insertBefore(child, place);
      if (key) glow(child); else changed ||= child.textContent.trim() !== "";
      continue;
    }
    if (match === place) place = place.nextSibling; else now.insertBefore(match, place);
    if (match.isEqualNode(child)) continue;
    if (match instanceof Element) changed = merge(match, child) || changed;
    else {
      changed ||= now.nodeName !== "TIME" && match.nodeValue.trim() !== child.nodeValue.trim(); // "5 minutes ago" is no news
      match.nodeValue = child.nodeValue;
    }
  }
  while (place) { const rest = place.nextSibling; changed ||= place.textContent.trim() !== ""; place.remove(); place = rest; }
  if (!changed || !now.dataset.key) return changed;
  glow(now);
  return false;
}

/** Takes over attributes, but not what is the reader's own: what is folded out. Returns whether a state or a time changed. */
function attributes(now, next) {
  let changed = false;
  for (const { name, value } of next.attributes) {
    if (name === "open" || now.getAttribute(name) === value) continue;
    now.setAttribute(name, value);
    changed ||= name === "class" || name === "datetime";
  }
  for (const { name } of [...now.attributes]) {
    if (!["open", "data-glow", "data-lit"].includes(name) && !next.hasAttribute(name)) now.removeAttribute(name);
  }
  return changed;
}

function keyed(element) {
  return new Map([...element.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]));
}

function glow(element) {
  delete element.dataset.glow;
  void element.offsetWidth; // begins the animation again, if it is still under way
  element.dataset.glow = "";
  element.addEventListener("animationend", () => delete element.dataset.glow, { once: true });
}

/** Shows what the server says now. Nobody loses the place: what had the focus has it afterwards, or the page has. */
function show(main, page) {
  const focus = document.activeElement, inside = main.contains(focus);
  const fresh = page.getElementById("main");
  if (fresh) { merge(main, fresh); light(main.dataset.lit ?? ""); }
  for (const place of ["header .clock", "nav.pages"]) {
    const shown = document.querySelector(place), now = page.querySelector(place);
    if (shown && now) merge(shown, now);
  }
  if (inside && document.activeElement !== focus) (focus.isConnected ? focus : main).focus({ preventScroll: true });
}

/** Reads the page again after each event of the server, one request at a time. */
function live(main) {
  let reading = false, again = false, late = false, stream = null;
  async function read() {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const answer = await fetch(location.href, { headers: { "x-fauxtune-live": "1" } });
      if ([401, 404].includes(answer.status)) location.reload(); // it is gone, or wants to know who asks
      late = answer.ok && busy(main);
      if (answer.ok && !late) show(main, new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream's own retry says when the server is back */ }
    reading = false;
    if (again) { again = false; read(); }
  }
  function catchUp() { if (late && !busy(main)) { late = false; read(); } }
  document.addEventListener("focusout", () => setTimeout(catchUp));
  document.addEventListener("selectionchange", catchUp);

  // A browser opens six connections to a server, and a stream is one: a page that nobody sees has none.
  function open() {
    if (stream || document.hidden) return;
    stream = new EventSource(main.dataset.live);
    stream.addEventListener("changed", read);
    stream.addEventListener("gone", () => { close(); location.reload(); });
    stream.addEventListener("error", () => { // interrupted, it comes back by itself; refused, it does not
      if (stream?.readyState !== EventSource.CLOSED) return;
      close();
      read();
      setTimeout(open, 10000);
    });
  }
  function close() { stream?.close(); stream = null; }
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

/** Whether somebody is filling in a form, or has marked text to copy: the page must not change under their hands. */
function busy(main) {
  const active = document.activeElement, selection = getSelection();
  if (active && main.contains(active) && active.matches("input, textarea, select")) return true;
  if (!selection.isCollapsed && main.contains(selection.anchorNode)) return true;
  return [...main.querySelectorAll("form.fields input, form.fields textarea")].some((field) => field.value !== field.defaultValue);
}

/** Lights up everything that has a mark, and lets the other marks fade; with no mark, all are as they were. */
function light(mark) {
  const place = document.getElementById("main");
  if (mark) place.dataset.lit = mark; else delete place.dataset.lit;
  for (const each of place.querySelectorAll("[data-mark]")) each.toggleAttribute("data-lit", each.dataset.mark === mark);
}

/** Lights up the mark at which somebody points (a tap is a pointer too), or else the one that has the focus. */
function point(element) {
  const place = element?.closest?.("[data-mark]") ?? document.activeElement?.closest("[data-mark]");
  const mark = place?.dataset.mark ?? "";
  if (mark !== (document.getElementById("main").dataset.lit ?? "")) light(mark);
}
for (const event of ["pointerover", "focusin"]) document.addEventListener(event, ({ target }) => point(target));
document.addEventListener("focusout", ({ relatedTarget }) => point(relatedTarget));

for (const legend of document.querySelectorAll("details.legend")) {
  legend.addEventListener("toggle", () => { // closed once, it is closed on every page
    if (!legend.open) document.cookie = "fauxtune-legend=closed; path=/console; max-age=31536000; samesite=strict";
  });
}

/** Closes the menus that somebody leaves: by a click elsewhere, or by Escape, which gives the focus back. */
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.more[open]")) {
    if (event.key ? event.key !== "Escape" : menu.contains(event.target)) continue;
    if (menu.contains(document.activeElement)) menu.firstElementChild.focus();
    menu.open = false;
  }
}
for (const event of ["click", "keydown"]) document.addEventListener(event, closeMenus);

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
