// The beginning of the pages: the API with the caller's key, streams that take themselves up again, addresses, and the frame around every page.
import { html, render, useEffect, useRef, useState } from "./lib/preact.js";
import { Boundary, Dialog, Keys, Loading, SignIn, Trouble, cut, go, isTyping, stepRow, useRoute } from "./ui.js";

/** A refusal of the server, or its silence: `title` says what is wrong, `detail` what to do. `status` 0 means that it did not answer. */
export class Problem extends Error {
  constructor(status, title, detail) {
    super(title);
    Object.assign(this, { status, title, detail, passes: status === 0 || status === 429 || status >= 500 });
  }
}

/** Who looks. The key lives in this variable alone: not in the address, not in the browser's stores. */
let key = null;
export const session = { me: null, can: permission => session.me?.permissions.includes(permission) ?? false };

// What the frame shows of the session, the connection and the last action.
const frame = { signIn: null, isAway: false, notice: null };
const watchers = new Set();
const tell = change => { Object.assign(frame, change); watchers.forEach(watcher => watcher()); };
const isReachable = yes => { if (frame.isAway === yes) tell({ isAway: !yes }); };

/** Says for some seconds what an action has done. */
export function notify(text, isBad = false) {
  const notice = { text, isBad };
  tell({ notice });
  setTimeout(() => frame.notice === notice && tell({ notice: null }), isBad ? 12000 : 5000);
}

/** Amounts of money stay the text that the server wrote, so that no digit is lost. */
const exact = (name, value, { source } = {}) =>
  typeof value === "number" && /(usd|^low|^high)$/i.test(name) ? source ?? String(value) : value;
export const parse = text => JSON.parse(text, exact);

/** What to say of a request without an answer: reading goes on by itself, a change may have been made. */
const unanswered = method => method === "GET" ? "It may be restarting. This page goes on by itself as soon as it is back."
  : "Whether it was done is not known. Look before you do it again.";
const lost = (failure, method) => failure.name === "AbortError" ? failure : new Problem(0, "The server does not answer", unanswered(method));

async function send(path, { method = "GET", json, body, headers = {}, signal } = {}) {
  const all = { "agents-client": "pages", ...headers };
  if (key) all.authorization = `Bearer ${key}`;
  if (json !== undefined) all["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers: all, body: json === undefined ? body : JSON.stringify(json), signal, cache: "no-store" });
  } catch (failure) {
    if (failure.name !== "AbortError") isReachable(false);
    throw lost(failure, method);
  }
  isReachable(true);
  if (response.ok) return response;

  const problem = await response.json().catch(() => ({}));
  const refused = new Problem(response.status, problem.title ?? `The server answered ${response.status}`,
    problem.detail ?? (response.status >= 500 ? unanswered(method) : ""));
  if (response.status === 401) tell({ signIn: refused });
  throw refused;
}

/** The answer as JSON; null when there is none. A refusal is thrown as a Problem. */
export async function api(path, options) {
  const text = await (await send(path, options)).text().catch(failure => { throw lost(failure, options?.method ?? "GET"); });
  return text ? parse(text) : null;
}

/** Posts what must not be done twice. The same request keeps its key until it is done: when the answer was lost it can be asked for again. */
export async function once(path, json) {
  const request = `${path} ${JSON.stringify(json)}`;
  if (!unsettled.has(request)) unsettled.set(request, crypto.getRandomValues(new Uint32Array(4)).join("-"));
  try {
    const answer = await api(path, { method: "POST", json, headers: { "idempotency-key": unsettled.get(request) } });
    unsettled.delete(request);
    return answer;
  } catch (problem) {
    if (problem.status === 0) problem.detail = "Whether it was done is not known. Press again: it is not done twice.";
    throw problem;
  }
}
const unsettled = new Map();

/** Follows server-sent events until `[DONE]`, from the last id again whenever the connection breaks. Returns what stops it. */
export function follow(path, onEvent, onState = () => {}) {
  const stop = new AbortController();
  (async () => {
    let last = null;
    for (let tries = 0; !stop.signal.aborted; tries++) {
      const silence = new AbortController();
      let quiet;
      const heard = () => { clearTimeout(quiet); quiet = setTimeout(() => silence.abort(), 40000); }; // a comment comes every 15 s
      try {
        heard();
        const headers = last === null ? {} : { "last-event-id": last };
        const response = await send(path, { headers, signal: AbortSignal.any([stop.signal, silence.signal]) });
        onState("live");
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let rest = "", frames; ;) {
          const { value, done } = await reader.read();
          if (done) break;
          heard();
          [frames, rest] = cut(rest + value);
          for (const { id, event, data } of frames) {
            if (data === "[DONE]") { onState("done"); return; }
            tries = 0;
            if (id !== null) last = id;
            if (data) onEvent(event, parse(data), id);
          }
        }
      } catch (failure) {
        if (failure instanceof Problem && !failure.passes) { onState("refused", failure); return; }
      } finally {
        clearTimeout(quiet);
        silence.abort();
      }
      if (stop.signal.aborted) return;
      onState("broken");
      await new Promise(done => setTimeout(done, Math.min(250 * 2 ** tries, 5000)));
    }
  })();
  return () => stop.abort();
}

/** What an address answers: `{ data, problem, reload }`. What passes by itself is tried again; `every` asks anew after so many milliseconds. */
export function useData(path, { every } = {}) {
  const [state, set] = useState({ data: null, problem: null, path: null });
  const reload = useRef(null);
  useEffect(() => {
    if (!path) return;
    const stop = new AbortController();
    let timer, tries = 0, isAsking = false, isOld = false;
    const load = async () => {
      clearTimeout(timer);
      if (isAsking) { isOld = true; return; } // asked once more after it, not aborted: a slow answer would never come
      if (every && document.hidden) { timer = setTimeout(load, every); return; }
      [isAsking, isOld] = [true, false];
      try {
        const data = await api(path, { signal: stop.signal });
        tries = 0;
        set({ data, problem: null, path });
        if (every) timer = setTimeout(load, every);
      } catch (problem) {
        if (stop.signal.aborted) return;
        set(before => ({ data: before.path === path ? before.data : null, problem, path }));
        if (problem.passes) timer = setTimeout(load, Math.min(1000 * 2 ** tries++, 10000));
      }
      isAsking = false;
      if (isOld && !stop.signal.aborted) load();
    };
    reload.current = load;
    load();
    return () => { stop.abort(); clearTimeout(timer); reload.current = null; };
  }, [path]);
  const fits = state.path === path;
  return { data: fits ? state.data : null, problem: fits ? state.problem : null, reload: () => reload.current?.() };
}

/** The pages in their order, each with the letter that follows `g`, and the permission without which it is not shown. */
const Pages = [
  { id: "ask", name: "Ask", letter: "a", needs: "operate" }, { id: "runs", name: "Runs", letter: "r", needs: "read" },
  { id: "costs", name: "Costs", letter: "c", needs: "costs" }, { id: "queue", name: "Queue", letter: "q", needs: "read" },
  { id: "inbox", name: "Inbox", letter: "i", needs: "read" }, { id: "knowledge", name: "Knowledge", letter: "k", needs: "read" },
  { id: "audit", name: "Audit", letter: "u", needs: "read" },
];
const loaded = {};

function Page({ route }) {
  const [, redraw] = useState(0);
  const mine = Pages.filter(page => session.can(page.needs));
  const page = mine.find(({ id }) => id === route.parts[0]) ?? (route.parts.length ? null : mine.find(({ id }) => id === "runs") ?? mine[0]);
  const file = page?.id === "runs" && route.parts.length > 1 ? "run" : page?.id;
  useEffect(() => {
    document.title = page ? `${page.name} · Agents` : "Agents";
    const failed = () => ({ problem: new Problem(0, "This page could not be loaded", "The server does not answer, or was replaced. Reload it.") });
    if (file && !loaded[file]?.view) import(`./pages/${file}.js`).then(module => ({ view: module.default }), failed)
      .then(found => { loaded[file] = found; redraw(count => count + 1); });
  }, [file]);
  const { view: View, problem = page ? null : mine.length
    ? new Problem(404, "There is no such page", "Choose one on the left, or press ? for the keys.")
    : new Problem(403, "Nothing to see with this key", `The role ${session.me.role} reads no pages. An operator's or a viewer's key does.`),
  } = loaded[file] ?? {};
  if (problem) return html`<${Trouble} problem=${problem} />`;
  return View ? html`<${Boundary} key=${route.parts.join("/")}><${View} route=${route} /><//>` : html`<${Loading} />`;
}

/** Looks whether the server knows the key, and keeps it if so. */
const enter = async entered => {
  key = entered;
  try { session.me = await api("/me"); } catch (wrong) { key = null; throw wrong; }
  tell({ signIn: null });
};
const Away = () => html`<${Trouble} problem=${new Problem(0, "The server does not answer", "This page goes on as soon as it is back.")} />`;
const signOut = () => { key = null; session.me = null; tell({ signIn: new Problem(401, "Key needed", "") }); };

function Shell() {
  const route = useRoute();
  const [, redraw] = useState(0);
  const [help, setHelp] = useState(false);
  const [refused, setRefused] = useState(null);
  const leader = useRef(0);
  useEffect(() => { const watcher = () => redraw(count => count + 1); watchers.add(watcher); return () => watchers.delete(watcher); }, []);
  useEffect(() => {
    const press = event => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (isTyping(event.target)) { if (event.key === "Escape") event.target.blur(); return; }
      const page = performance.now() - leader.current < 1500 && Pages.find(({ letter, needs }) => letter === event.key && session.can(needs));
      leader.current = event.key === "g" ? performance.now() : 0;
      if (page) go([page.id]);
      else if (event.key === "j" || event.key === "k") stepRow(event.key === "j" ? 1 : -1);
      else if (event.key === "/") document.querySelector("[data-search]")?.focus();
      else if (event.key === "?") setHelp(true);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const start = () => api("/me").then(me => { session.me = me; tell({ signIn: null }); }, problem => {
    setRefused(problem.status === 0 ? null : problem);
    if (problem.passes) setTimeout(start, 1000);
  });
  useEffect(() => { start(); }, []);
  if (frame.signIn) return html`<${SignIn} problem=${frame.signIn} onEnter=${enter} />`;
  if (!session.me) return html`<main>${refused ? html`<${Trouble} problem=${refused} onAgain=${refused.passes ? null : start} />`
    : html`<${frame.isAway ? Away : Loading} />`}</main>`;

  const at = route.parts[0] ?? "runs";
  return html`<div class="shell">
    <header class="side">
      <button class="skip" onClick=${() => document.getElementById("main").focus()}>Skip to content</button>
      <a class="brand" href="#/runs">Agents</a>
      <nav aria-label="Pages">${Pages.filter(page => session.can(page.needs)).map(({ id, name, letter }) => html`
        <a href=${`#/${id}`} aria-current=${id === at ? "page" : null} title=${`g ${letter}`}>${name}</a>`)}</nav>
      <div class="who"><span title=${`Role ${session.me.role}`}>${session.me.name} · ${session.me.tenant}</span>
        <span class="tools"><button class="plain" onClick=${() => setHelp(true)} title="Keys of the keyboard">Keys <kbd>?</kbd></button>
        ${key ? html`<button class="plain" onClick=${signOut}>Sign out</button>`
          : html`<a href="/reference" target="_blank" rel="noreferrer">API</a>`}</span></div>
    </header>
    <main id="main" tabindex="-1">
      ${frame.isAway && html`<p class="away" role="status">The server does not answer. What you see may be old; the page goes on by itself.</p>`}
      <${Page} route=${route} />
    </main>
    <div class="notice" role="status" aria-live="polite">${frame.notice && html`
      <p class=${frame.notice.isBad ? "is-bad" : ""}>${frame.notice.text}</p>`}</div>
    ${help && html`<${Dialog} title="Keys" onClose=${() => setHelp(false)}><${Keys} pages=${Pages.filter(page => session.can(page.needs))} /><//>`}
  </div>`;
}

render(html`<${Shell} />`, document.getElementById("app"));
