// What all pages share: addresses, how money, times and states are written, and the small parts that pages are made of.
import { Component, html, useEffect, useRef, useState } from "./lib/preact.js";
import { notify } from "./core.js";

// Addresses: what stands behind # is the page, its subject and its filters. It is never sent to the server.
const readRoute = () => {
  const [path, query] = location.hash.slice(1).split("?");
  const parts = path.split("/").filter(Boolean).map(part => { try { return decodeURIComponent(part); } catch { return part; } });
  return { parts, query: new URLSearchParams(query) };
};

/** The address of a page: `href(["runs", id], { v: 3 })`. Values that are null or empty are left out. */
export function href(parts, query = {}) {
  const left = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return `#/${parts.map(encodeURIComponent).join("/")}${left.length ? `?${new URLSearchParams(left)}` : ""}`;
}
export const go = (parts, query) => { location.hash = href(parts, query); };
/** Changes filters in the address of the page that is shown, without a new entry in the browser's history. */
export function setQuery(change) {
  const { parts, query } = readRoute();
  history.replaceState(null, "", href(parts, { ...Object.fromEntries(query), ...change }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
export function useRoute() {
  const [route, set] = useState(readRoute);
  useEffect(() => {
    const read = () => set(readRoute());
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return route;
}

/** The whole server-sent events of a piece of text, and what is left of it. */
export function cut(text) {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop();
  return [blocks.map(block => {
    const event = { id: null, event: "message", data: "" };
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      if (at > 0 && line.slice(0, at) in event) {
        const value = line.slice(at + 1).replace(/^ /, "");
        event[line.slice(0, at)] = line.startsWith("data") && event.data ? `${event.data}\n${value}` : value;
      }
    }
    return event;
  }).filter(event => event.data || event.id !== null), rest];
}

/** A value that follows when it has rested for `wait` milliseconds, and after `most` at the latest: so that what changes all the time asks seldom. */
export function useRested(value, wait, most = 1000) {
  const [rested, set] = useState(value);
  const since = useRef(null);
  useEffect(() => {
    if (value === rested) { since.current = null; return; }
    since.current ??= performance.now();
    const left = Math.max(0, Math.min(wait, since.current + most - performance.now()));
    const timer = setTimeout(() => { since.current = null; set(value); }, left);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return rested;
}

// Figures. What is not known is a dash, never a nought.
export const unknown = "–";
const grouped = new Intl.NumberFormat("en-US");
export const count = value => value === null || value === undefined ? unknown : grouped.format(value);

/** An amount as the server wrote it, to its last digit: `0.00042` is `$0.00042`. */
export function money(text) {
  if (text === null || text === undefined) return unknown;
  const [, sign, whole, digits = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(plainDecimal(String(text))) ?? [];
  if (whole === undefined) return `$${text}`;
  const kept = digits.replace(/0+$/, "").padEnd(2, "0");
  return `${sign ? "−" : ""}$${grouped.format(BigInt(whole))}.${kept}`;
}
/** Takes an exponent out of a number's text. */
const plainDecimal = text => /e/i.test(text) ? Number(text).toFixed(12) : text;

/** The exact sum of amounts that are texts; null when there is none. */
export function sum(amounts) {
  const known = amounts.filter(amount => amount !== null && amount !== undefined).map(amount => plainDecimal(String(amount)));
  if (known.length === 0) return null;
  const places = Math.max(...known.map(amount => amount.split(".")[1]?.length ?? 0));
  const units = known.map(amount => { const [whole, part = ""] = amount.split("."); return BigInt(whole + part.padEnd(places, "0")); });
  const total = units.reduce((left, right) => left + right, 0n).toString().padStart(places + 1, "0");
  return places ? `${total.slice(0, -places)}.${total.slice(-places)}` : total;
}

export const percent = share => share === null || share === undefined ? unknown : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
export const bytes = size => size < 1024 ? `${size} B` : size < 1048576 ? `${(size / 1024).toFixed(1)} KiB` : `${(size / 1048576).toFixed(1)} MiB`;

/** Seconds as people say them: 0.34 s, 12 s, 4 min 10 s, 3 h 5 min, 2 d 4 h. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return unknown;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  const [big, small, name, part] = all < 60 ? [all, 0, "s", ""] : all < 3600 ? [all / 60, all % 60, "min", "s"]
    : all < 86400 ? [all / 3600, (all % 3600) / 60, "h", "min"] : [all / 86400, (all % 86400) / 3600, "d", "h"];
  return `${Math.floor(big)} ${name}${Math.floor(small) ? ` ${Math.floor(small)} ${part}` : ""}`;
}
export const secondsBetween = (from, until) => (new Date(until) - new Date(from)) / 1000;
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A moment in local time, with the exact one on hover. `isAge` says how long ago instead. */
export function Time({ at, isAge }) {
  if (!at) return unknown;
  const moment = new Date(at), away = (Date.now() - moment) / 1000;
  const text = !isAge ? days.format(moment) : away < -1 ? `in ${duration(Math.round(-away))}` :
    away < 1 ? "now" : `${duration(Math.round(away)).replace(/ \d+ \w+$/, "")} ago`;
  return html`<time datetime=${at} title=${`${exactly.format(moment)}\n${at}`}>${text}</time>`;
}

/** Draws the part again every so many milliseconds, so that ages stay true. */
export function useTick(every) {
  const [, set] = useState(0);
  useEffect(() => { const timer = setInterval(() => document.hidden || set(tick => tick + 1), every); return () => clearInterval(timer); }, [every]);
}

/** The end of an id is random, its beginning is the time: the end tells runs apart. */
export const short = id => id.slice(-8);
export const words = name => name.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase();

const Marks = {
  queued: ["○", "dim"], running: ["◐", "run"], paused: ["‖", "warn"], parked: ["◆", "warn"], completed: ["✓", "ok"], failed: ["✗", "bad"],
  cancelled: ["⊘", "dim"], waiting: ["◔", "warn"], unknown: ["?", "warn"], denied: ["⊘", "bad"], scheduled: ["○", "dim"], started: ["◐", "run"],
  awaitingApproval: ["◔", "warn"],
};
/** A state by mark and word. */
export function Status({ of, label }) {
  const [mark, tone] = Marks[of] ?? ["·", "dim"];
  return html`<span class=${`status ${tone}`}><span aria-hidden="true">${mark}</span> ${label ?? words(of)}</span>`;
}

export const Loading = () => html`<p class="loading dim" role="status">Loading…</p>`;

/** A refusal as sentences, with the way out. */
export const Trouble = ({ problem, onAgain }) => html`<div class="trouble" role="alert">
  <p><b>${problem.title ?? problem.message}.</b> ${problem.detail ?? ""}</p>
  ${onAgain && html`<button onClick=${onAgain}>Try again</button>`}</div>`;

/** What a list without rows says: what it would show, and what to do next. */
export const Empty = ({ title, children }) => html`<div class="empty"><p><b>${title}</b></p><p class="dim">${children}</p></div>`;

/** Keeps the frame when a page fails to draw. */
export class Boundary extends Component {
  componentDidCatch(problem) { console.error(problem); this.setState({ problem }); }
  render({ children }, { problem }) {
    return problem
      ? html`<${Trouble} problem=${{ title: "This page could not be drawn",
        detail: `${problem.message}. Reload it; the run itself is not touched.` }} />` : children;
  }
}

/** Asks for a key. `onEnter` throws why it is refused. */
export function SignIn({ problem, onEnter }) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(problem?.title === "Key needed" ? null : problem);
  const enter = async event => {
    event.preventDefault();
    setBusy(true);
    try { await onEnter(new FormData(event.target).get("key").trim()); } catch (wrong) { setRefused(wrong); setBusy(false); }
  };
  return html`<main class="signin"><form class="card" onSubmit=${enter}>
    <h1>Agents</h1>
    <label for="key">API key</label><input id="key" name="key" type="password" required autocomplete="off" spellcheck="false" autofocus
      placeholder="agents_…" aria-describedby="about" />
    <button class="primary" disabled=${busy}>${busy ? "Looking at the key…" : "Sign in"}</button>
    ${refused && html`<p class="bad" role="alert"><b>${refused.title}.</b> ${refused.detail}</p>`}
    <p id="about" class="dim">The key stays in this tab's memory: a reload asks for it again. <code>agents keys create</code> makes one.</p>
  </form></main>`;
}

export function Dialog({ title, onClose, children, isWide }) {
  const dialog = useRef();
  useEffect(() => { dialog.current.showModal(); }, []);
  return html`<dialog ref=${dialog} class=${isWide ? "is-wide" : ""} aria-labelledby="dialog-title" onClose=${onClose}
    onClick=${event => event.target === dialog.current && dialog.current.close()}>
    <div class="sheet"><header><h2 id="dialog-title">${title}</h2><button class="plain" aria-label="Close"
      onClick=${() => dialog.current.close()}>✕</button></header>${children}</div>
  </dialog>`;
}

/** A button that does something at the server: busy meanwhile; what it throws is told by `onProblem`. */
export function Act({ run, onProblem, children, ...rest }) {
  const [busy, setBusy] = useState(false);
  const act = async () => { setBusy(true); try { await run(); } catch (problem) { onProblem?.(problem); } finally { setBusy(false); } };
  return html`<button type="button" disabled=${busy} aria-busy=${busy} onClick=${act} ...${rest}>${children}</button>`;
}

export function Copy({ text, children = "Copy" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text); // there is none on http, but on this machine
    } catch { notify("The browser lets no page copy here. Mark the text and copy it.", true); return; }
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button type="button" class="plain" onClick=${copy}>${done ? "Copied" : children}</button>`;
}

/** Views of a page, by a name in its address. */
export const Tabs = ({ tabs, at, onPick, label }) => html`<div class="tabs" role="tablist" aria-label=${label}>${tabs.map(([id, name]) => html`
  <button role="tab" type="button" aria-selected=${id === at} tabindex=${id === at ? 0 : -1} onClick=${() => onPick(id)} onKeyDown=${event => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs[(tabs.findIndex(tab => tab[0] === id) + by + tabs.length) % tabs.length][0];
    onPick(next);
    event.currentTarget.parentElement.children[tabs.findIndex(tab => tab[0] === next)].focus();
    event.preventDefault();
  }}>${name}</button>`)}</div>`;

/** A figure with its name. */
export const Figure = ({ name, children, title, tone }) => html`<div class=${`figure ${tone ?? ""}`} title=${title}><dt>${name}</dt>
  <dd>${children}</dd></div>`;

/** Amounts, which the pages keep as text: they are numbers where they come from. */
const Amounts = /^(\s*"(?:[^"\\]*usd|low|high)": )"(-?\d[\d.e+-]*)"(?=,?$)/gim;
/** JSON, or text that is none, indented and bounded. */
export function Raw({ value, most = 40000 }) {
  let text = value;
  if (typeof value === "string") { try { text = JSON.stringify(JSON.parse(value), null, 2); } catch { /* it is text */ } }
  else text = JSON.stringify(value, null, 2).replace(Amounts, "$1$2");
  return html`
    <pre class="raw" tabindex="0">${text.length > most ? `${text.slice(0, most)}\n… ${count(text.length - most)} more characters` : text}</pre>`;
}

export const isTyping = target => target.matches?.("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]");

/** Moves the focus along the rows of the page that is shown. */
export function stepRow(by) {
  const rows = [...document.querySelectorAll("[data-row]")].filter(row => row.offsetParent);
  const at = rows.findIndex(row => row.contains(document.activeElement));
  const row = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
  (row?.matches("a, button, [tabindex]") ? row : row?.querySelector("[data-open]") ?? row?.querySelector("a, button"))?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

export const Keys = ({ pages }) => html`<dl class="keys">${[
  ["/", "search or filter"], ["j  k", "next and previous row"], ["Enter", "open the row"], ["← →", "wind a run back and forth, on its slider"],
  ["a  d", "approve or deny the row, in the inbox"], ...pages.map(({ letter, name }) => [`g ${letter}`, name]),
  ["Esc", "leave a field, close a dialog"], ["?", "these keys"]].map(([keys, what]) => html`<dt><kbd>${keys}</kbd></dt><dd>${what}</dd>`)}</dl>`;
