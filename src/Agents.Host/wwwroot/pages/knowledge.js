// The documents that agents read: what there is, its versions and passages, what a search finds and why, and uploads.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { api, notify, session, useData } from "../core.js";
import { Act, Dialog, Empty, Loading, Time, Trouble, bytes, count, href, setQuery } from "../ui.js";
import { Passage } from "./facts.js";

export default function Knowledge({ route }) {
  const passage = route.query.get("passage");
  return route.parts[1] ? html`<${Document} id=${route.parts[1]} passage=${passage} />`
    : passage ? html`<div class="head"><h1>Knowledge</h1><a href="#/knowledge">All documents</a></div><${Passage} cited=${{ passageId: passage }} />`
      : html`<${Documents} route=${route} />`;
}

function Documents({ route }) {
  const q = route.query.get("q") ?? "", cursor = route.query.get("cursor") ?? "";
  const [words, setWords] = useState(q);
  useEffect(() => { if (words !== q) { const timer = setTimeout(() => setQuery({ q: words, cursor: "" }), 300);
    return () => clearTimeout(timer); } }, [words]);
  const list = useData(q.trim() ? null : `/documents?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
  const found = useData(q.trim() ? `/search?limit=20&q=${encodeURIComponent(q)}` : null);
  const problem = list.problem ?? found.problem;
  return html`<div class="head"><h1>Knowledge</h1></div>
    <div class="filters" role="search"><div class="field grow"><label for="q">Search the passages, as agents do</label>
      <input id="q" type="search" data-search value=${words} maxlength="4000" placeholder="Press / to search"
        onInput=${event => setWords(event.target.value)} /></div></div>
    ${session.can("operate") && html`<${Upload} onDone=${list.reload} />`}
    ${problem && html`<${Trouble} problem=${problem} />`}
    ${q.trim() ? found.data && html`<${Found} items=${found.data.items} />` : !list.data ? !problem
      && html`<${Loading} />` : list.data.items.length === 0
      ? html`<${Empty} title="No documents yet">Drop files above, or read a folder with <code>agents ingest ./handbook</code>.<//>`
      : html`<div class="table"><table class="stack"><thead><tr><th>Document</th><th class="num">Version</th><th class="num">Passages</th>
        <th class="num">Size</th><th class="num">Changed</th></tr></thead>
        <tbody>${list.data.items.map(one => html`<tr key=${one.id} data-row><td class="wide">
          <a href=${href(["knowledge", one.id])}>${one.title || one.source}</a><div class="dim cut">${one.source}</div></td>
          <td class="num">v${one.version}</td><td class="num">${count(one.passages)}<span class="dim"> passages</span></td>
            <td class="num">${bytes(one.bytes)}</td><td class="num"><${Time} at=${one.changedAt} isAge /></td></tr>`)}</tbody></table></div>
        ${list.data.next && html`<a class="button" href=${href(["knowledge"], { cursor: list.data.next })}>More →</a>`}`}`;
}

/** What a search finds, best first; the bar compares the scores of this search. */
function Found({ items }) {
  if (items.length === 0) return html`<${Empty}
    title="Nothing found">Other words may. The search looks for words and their forms, in all documents.<//>`;
  const best = items[0].score || 1;
  return items.map((one, index) => html`<section class="card" key=${one.passageId}><div class="head"><b>${index + 1}.</b>
      <a data-row href=${href(["knowledge", one.documentId], { passage: one.passageId })}>${one.title || one.source}</a>
        <span class="dim">${one.source} · v${one.documentVersion}</span><span class="grow"></span>
      <span class="dim" title="As the index scores it; comparable within this search only.">score ${one.score.toFixed(2)}</span>
      <span class="meter" style=${{ width: "80px" }}><i style=${{ width: `${Math.max(0, Math.min(100, one.score / best * 100))}%` }}></i></span></div>
    <div class="pre two" style=${{ WebkitLineClamp: 4 }}>${one.text}</div></section>`);
}

/** Reads files in, one at a time, with progress; says of each what became of it. */
function Upload({ onDone }) {
  const [isOver, setOver] = useState(false);
  const [state, setState] = useState(null);
  const input = useRef();
  const read = async files => {
    const all = [...files], lines = [];
    for (const [index, file] of all.entries()) {
      setState({ at: index, of: all.length, name: file.name, lines: [...lines] });
      try {
        const { items } = await api(`/documents?source=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
        for (const one of items) lines.push({ name: one.source, text: one.outcome === "skipped" ? one.reason
          : `${one.outcome === "newVersion" ? "new version" : one.outcome}, ${one.passages} passages`, isBad: one.outcome === "skipped" });
      } catch (problem) { lines.push({ name: file.name, text: `${problem.title}. ${problem.detail}`, isBad: true }); }
    }
    setState({ at: all.length, of: all.length, lines });
    onDone();
  };
  return html`<div class=${`drop ${isOver ? "is-over" : ""}`} onDragOver=${event => { event.preventDefault(); setOver(true); }}
    onDragLeave=${() => setOver(false)}
    onDrop=${event => { event.preventDefault(); setOver(false); read(event.dataTransfer.files); }}>
    Drop Markdown, HTML, text or PDF here, or <button class="plain" onClick=${() => input.current.click()}>choose files</button>
    <input ref=${input} type="file" multiple hidden aria-label="Files to read" onChange=${event => read(event.target.files)} />
    ${state && html`<div role="status">${state.at < state.of ? html`<p>Reading ${state.name}: ${state.at + 1} of ${state.of}</p>
      <progress value=${state.at} max=${state.of}></progress>` : ""}
      ${state.lines.map(line => html`<div class=${line.isBad ? "bad" : "ok"}>${line.name}: ${line.text}</div>`)}</div>`}</div>`;
}

function Document({ id, passage }) {
  const { data, problem, reload } = useData(`/documents/${id}`);
  const [isAsked, setAsked] = useState(false);
  if (problem) return html`<${Trouble} problem=${problem} /><p><a href="#/knowledge">All documents</a></p>`;
  if (!data) return html`<${Loading} />`;
  const latest = data.versions[0];
  const [version, number] = passage ? passage.split("/").slice(-2).map(Number) : [latest.number, 1];
  const shown = data.versions.find(one => one.number === version) ?? latest;
  const remove = async () => { await api(`/documents/${id}`, { method: "DELETE" });
    notify("The document is no longer searched."); setAsked(false); reload(); };
  const open = (of, at) => setQuery({ passage: `${id}/${of}/${at}` });
  return html`<div class="head"><h1>${latest.title || data.source}</h1><a href="#/knowledge">All documents</a><span class="grow"></span>
      ${session.can("operate") && !data.deletedAt && html`<button class="danger" onClick=${() => setAsked(true)}>Delete…</button>`}</div>
    <p class="dim">${data.source} · since <${Time} at=${data.createdAt} />${data.deletedAt && html` · <b class="bad">deleted <${Time}
      at=${data.deletedAt} /></b>: citations still open`}</p>
    <div class="table"><table><thead><tr><th>Version</th><th class="num">Passages</th><th class="num">Size</th><th>Type</th><th>SHA-256</th>
      <th class="num">Read</th></tr></thead>
      <tbody>${data.versions.map(one => html`<tr key=${one.number} data-row><td><button class="plain"
        onClick=${() => open(one.number, 1)}>v${one.number}</button></td><td class="num">${count(one.passages)}</td>
        <td class="num">${bytes(one.bytes)}</td><td>${one.mediaType}</td><td class="mono">${one.sha256.slice(0, 16)}…</td><td class="num"><${Time}
          at=${one.createdAt} /></td></tr>`)}</tbody></table></div>
    ${shown.passages > 0 && html`<div class="row" style=${{ marginBottom: "10px" }}><button disabled=${number <= 1}
      onClick=${() => open(shown.number, number - 1)}>◀ Passage before</button>
      <button disabled=${number >= shown.passages} onClick=${() => open(shown.number, number + 1)}>Next passage ▶</button>
        <span class="dim">${number} of ${shown.passages}</span></div>
      <${Passage} key=${`${version}/${number}`} cited=${{ passageId: `${id}/${shown.number}/${number}` }} />`}
    ${isAsked && html`<${Dialog} title="Delete this document" onClose=${() => setAsked(false)}>
      <p>It is taken out of the search. Its versions are kept, so that citations still open.</p>
      <div class="ends row"><button onClick=${() => setAsked(false)}>Keep it</button><${Act} class="danger" run=${remove}
        onProblem=${wrong => notify(wrong.title, true)}>Delete<//></div><//>`}`;
}
