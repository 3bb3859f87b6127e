// report.js - the page's own logic: draws the charts with plotly, sorts the table, compares two runs.
// DATA, put in by report.py: {runs: [{name, meta, results}], goals, order: [benchmark], groups: {benchmark: group}}.
"use strict";

const PROFILES = ["fortress", "balanced", "performance", "ludicrous"];
const COLOURS = {
  fortress: "#8250df", balanced: "#0969da", performance: "#1a9c5b", ludicrous: "#e8590c", linux: "#8c959f",
  "linux-thp": "#6e7781", "linux-default": "#57606a", "linux-hardened": "#afb8c1",
};
const $ = (id) => document.getElementById(id);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const format = (value) => value >= 1000 ? Math.round(value).toLocaleString("en") : String(Math.round(value * 10) / 10);

function colour(kernel) {
  return COLOURS[kernel] || COLOURS[kernel.replace("-thp", "")] || "#bf8700";
}

// What a kernel can change of a figure: without the user instructions where the goal is of the rest.
function cost(entry, name) {
  const goal = DATA.goals.rows[name];
  if (goal && goal.kernel_share && entry.unit === "insn")
    return entry.user === undefined ? null : entry.per_op - entry.user;
  return entry.per_op;
}

function ratio(results, kernel, base, name) {
  const mine = (results[kernel] || {})[name], other = (results[base] || {})[name];
  if (!mine || !other || mine.unit !== other.unit)
    return null;
  const a = cost(mine, name), b = cost(other, name);
  return a !== null && b ? a / b : null;
}

function mean(values) {
  const good = values.filter((value) => value > 0);
  return good.length ? Math.exp(good.reduce((sum, value) => sum + Math.log(value), 0) / good.length) : null;
}

// The goal's verdict as goals.py gives it: true, false or null.
function met(results, kernel, name) {
  const goal = DATA.goals.rows[name], rule = DATA.goals[kernel], mine = (results[kernel] || {})[name];
  if (!goal || !mine || mine.unit !== "insn" || !PROFILES.includes(kernel))
    return null;
  const base = (results[rule ? rule.of : "linux"] || {})[name];
  if (!base)
    return null;
  const value = cost(base, name), own = cost(mine, name);
  if (value === null || own === null)
    return null;
  return own <= (rule ? Math.max(value * rule.times, value + (rule.plus || 0)) : value * goal.ratio);
}

function layout(count, axis, extra) {
  const ink = dark.matches ? "#e6edf3" : "#1b1f24", rule = dark.matches ? "#30363d" : "#d0d7de";
  const narrow = window.innerWidth < 700;
  return Object.assign({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: narrow ? 11 : 13 },
    margin: { l: narrow ? 110 : 170, r: 12, t: 10, b: 40 }, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: "#8c959f", activecolor: ink }, dragmode: false,
    xaxis: Object.assign({ gridcolor: rule, zeroline: false, title: "cost against " + base() + ", 1 = the same" }, axis),
    yaxis: { automargin: true, gridcolor: rule, range: [count - 0.5, -0.5] },
  }, extra);
}

// Ticks of a logarithmic axis that are readable as ratios.
const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100];
const CONFIG = { responsive: true, displaylogo: false, displayModeBar: window.innerWidth < 700 ? false : "hover" };

const run = () => DATA.runs[$("run").value];
const base = () => $("base").value;
const others = () => Object.keys(run().results).filter((kernel) => kernel !== base());

function oneLine(at) {
  return { type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: { color: "#8c959f", dash: "dot" } };
}

function drawGroups() {
  const groups = [...new Set(DATA.order.filter((name) => others().some((kernel) => ratio(run().results, kernel, base(), name) !== null))
    .map((name) => DATA.groups[name]))];
  const traces = others().map((kernel) => {
    const values = groups.map((group) => mean(DATA.order.filter((name) => DATA.groups[name] === group)
      .map((name) => ratio(run().results, kernel, base(), name))));
    return { type: "bar", orientation: "h", name: kernel, y: groups, x: values, marker: { color: colour(kernel) },
      hovertemplate: "%{y}: %{x:.3f}x<extra>" + kernel + "</extra>" };
  });
  const size = 60 + groups.length * (18 + 9 * traces.length);
  Plotly.react("groups", traces, layout(groups.length, { rangemode: "tozero" }, { height: size, shapes: [oneLine(1)] }), CONFIG);
}

function drawRows() {
  const names = DATA.order.filter((name) => others().some((kernel) => ratio(run().results, kernel, base(), name) !== null));
  const traces = others().map((kernel) => ({
    type: "scatter", mode: "markers", name: kernel, y: names,
    x: names.map((name) => ratio(run().results, kernel, base(), name)),
    marker: { color: colour(kernel), size: 9 }, hovertemplate: "%{y}: %{x:.3f}x<extra>" + kernel + "</extra>",
  }));
  if (base() === "linux")
    traces.push({ type: "scatter", mode: "markers", name: "goal", y: names,
      x: names.map((name) => (DATA.goals.rows[name] || {}).ratio || null),
      marker: { color: "#8c959f", symbol: "line-ns-open", size: 12, line: { width: 2 } },
      hovertemplate: "%{y}: goal %{x:.3f}x<extra></extra>" });
  Plotly.react("rows", traces, layout(names.length, { type: "log", tickvals: TICKS, ticktext: TICKS.map(String) },
    { height: 120 + names.length * 19, shapes: [oneLine(1)] }), CONFIG);
}

// The curve of multi_page_alloc: cost of a page by pages a fault, in order and at random.
function drawPages() {
  const results = run().results, traces = [];
  Object.keys(results).forEach((kernel) => ["seq", "random"].forEach((order) => {
    const names = DATA.order.filter((name) => name.startsWith(`multi_page_${order}_`) && results[kernel][name]);
    if (names.length)
      traces.push({ type: "scatter", mode: "lines+markers", name: `${kernel}, ${order === "seq" ? "in order" : "random"}`,
        x: names.map((name) => Number(name.split("_").pop())), y: names.map((name) => results[kernel][name].per_op),
        line: { color: colour(kernel), dash: order === "seq" ? "solid" : "dot" }, marker: { size: 6 },
        hovertemplate: "%{x} pages a fault: %{y:,.0f}<extra>%{fullData.name}</extra>" });
  }));
  $("pages-box").hidden = !traces.length;
  if (!traces.length)
    return;
  const made = layout(1, { type: "log", title: "pages a fault", tickvals: [1, 2, 4, 8, 16, 32, 64] }, { height: 480 });
  const unit = Object.values(results[Object.keys(results)[0]])[0].unit === "insn" ? "instructions" : "ns";
  made.yaxis = { automargin: true, gridcolor: made.xaxis.gridcolor, rangemode: "tozero", title: `${unit} a page` };
  Plotly.react("pages", traces, made, CONFIG);
}

function cell(row, text, key, kind) {
  const made = row.insertCell();
  made.textContent = text;
  made.dataset.key = key;
  if (kind)
    made.className = kind;
}

function fillHead(table, titles) {
  const head = table.createTHead().insertRow();
  titles.forEach((title, column) => {
    const made = document.createElement("th");
    const button = document.createElement("button");
    button.textContent = title;
    button.onclick = () => sortBy(table, column);
    made.append(button);
    head.append(made);
  });
}

// Sorts by a column: numbers by size, the missing last; once more turns it round.
function sortBy(table, column, downwards) {
  const down = downwards ?? (table.dataset.sorted === String(column) && table.dataset.down !== "1");
  table.dataset.sorted = column;
  table.dataset.down = down ? "1" : "0";
  const value = (row) => row.cells[column].dataset.key;
  const rows = [...table.tBodies[0].rows].sort((a, b) => {
    const x = value(a), y = value(b);
    if (x === "" || y === "")
      return (x === "") - (y === "");
    const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
    return down ? -order : order;
  });
  table.tBodies[0].append(...rows);
  [...table.tHead.rows[0].cells].forEach((head, at) => head.ariaSort = at !== column ? "none" : down ? "descending" : "ascending");
}

function emptied(id) {
  const table = $(id);
  table.replaceChildren();
  table.createTBody();
  return table;
}

function fillTable() {
  const table = emptied("figures"), results = run().results;
  fillHead(table, ["benchmark", "group", base(), ...others().flatMap((kernel) => [kernel, "ratio"]), "user", "goal"]);
  DATA.order.forEach((name) => {
    if (!Object.values(results).some((byName) => byName[name]))
      return;
    const row = table.tBodies[0].insertRow();
    cell(row, name, name);
    cell(row, DATA.groups[name], DATA.groups[name]);
    const first = (results[base()] || {})[name];
    cell(row, first ? format(first.per_op) : "-", first ? first.per_op : "");
    others().forEach((kernel) => {
      const entry = results[kernel][name], factor = ratio(results, kernel, base(), name), verdict = met(results, kernel, name);
      cell(row, entry ? format(entry.per_op) : "missing", entry ? entry.per_op : "", entry ? "" : "bad");
      cell(row, factor === null ? "" : factor.toFixed(2) + (verdict === null ? "" : verdict ? " ✓" : " ✗"),
        factor ?? "", verdict === null ? "" : verdict ? "good" : "bad");
    });
    const user = Object.values(results).map((byName) => (byName[name] || {}).user).find((value) => value !== undefined);
    cell(row, user === undefined ? "" : format(user), user ?? "");
    const goal = (DATA.goals.rows[name] || {}).ratio;
    cell(row, goal ? goal.toFixed(3).replace(/0+$/, "") : "", goal ?? "");
  });
}

// Regressions first: the table is sorted by the factor, the largest on top.
function compare() {
  if (DATA.runs.length < 2) {
    $("verdict").textContent = "One run is saved: there is a comparison once `make bench` has saved a second.";
    $("compare-box").hidden = true;
    return;
  }
  const older = DATA.runs[$("old").value], newer = DATA.runs[$("new").value];
  const table = emptied("compared");
  fillHead(table, ["kernel", "benchmark", "old", "new", "new / old"]);
  let worse = 0, better = 0;
  Object.keys(newer.results).forEach((kernel) => Object.entries(newer.results[kernel]).forEach(([name, entry]) => {
    const before = (older.results[kernel] || {})[name];
    if (!before || before.unit !== entry.unit || !before.per_op)
      return;
    const factor = entry.per_op / before.per_op;
    worse += factor > 1.0005;
    better += factor < 0.9995;
    const row = table.tBodies[0].insertRow();
    cell(row, kernel, kernel);
    cell(row, name, name);
    cell(row, format(before.per_op), before.per_op);
    cell(row, format(entry.per_op), entry.per_op);
    cell(row, factor.toFixed(4), factor, factor > 1.0005 ? "bad" : factor < 0.9995 ? "good" : "");
  }));
  sortBy(table, 4, true);
  $("verdict").textContent = `${worse} dearer, ${better} cheaper, ${table.tBodies[0].rows.length - worse - better} the same`;
}

function showMeta() {
  const meta = run().meta;
  $("meta").textContent = `${meta.date} · ${meta.accel}: ${meta.accel_words} (${meta.accel_reason}) · ${meta.mode} run, seed ${meta.seed} · ` +
    `${meta.qemu} · Linux ${meta.linux} · ${meta.gcc} · source ${meta.source.slice(0, 12)}${meta.source_changed ? " with changes" : ""}`;
  const troubles = [...new Set(meta.troubles.map((text) => text.split("\n")[0]))];
  $("troubles").textContent = troubles.join("\n");
  $("trouble-box").hidden = !troubles.length;
  $("trouble-count").textContent = `${troubles.length} could not be measured, or not as they should be`;
}

function draw() {
  drawGroups();
  drawRows();
  drawPages();
  fillTable();
  showMeta();
}

function options(select, names, chosen) {
  const kept = select.value;
  select.replaceChildren(...names.map(([value, text]) => new Option(text, value)));
  select.value = names.some(([value]) => String(value) === kept) && kept !== "" ? kept : chosen;
}

function chooseRun() {
  const names = Object.keys(run().results);
  options($("base"), names.map((name) => [name, name]), names.includes("linux") ? "linux" : names[0]);
  draw();
}

function start() {
  const runs = DATA.runs.map((one, index) => [index, one.name]);
  options($("run"), runs, 0);
  options($("new"), runs, 0);
  options($("old"), runs, DATA.old);
  $("run").onchange = chooseRun;
  $("base").onchange = draw;
  $("new").onchange = $("old").onchange = compare;
  dark.addEventListener("change", draw);
  chooseRun();
  compare();
  document.body.dataset.ready = "1";
}

start();
