"use strict";
const { instruments, systems } = JSON.parse(document.getElementById("data").textContent);
const KEPT = "wms-listening-answers";
const FADE_S = 0.02;

// --- Sounds of one instrument play together and in step; one of them is heard. ---
let context = null;
const buffers = new Map();
let playing = null;

async function decoded(index) {
  if (!buffers.has(index)) {
    const found = {};
    for (const [system, text] of Object.entries(instruments[index].sounds)) {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      found[system] = await context.decodeAudioData(bytes.buffer);
    }
    buffers.set(index, found);
  }
  return buffers.get(index);
}

function stop() {
  if (!playing) return;
  const { voices } = playing;
  for (const { source, gain } of Object.values(voices)) {
    gain.gain.setTargetAtTime(0, context.currentTime, FADE_S / 3);
    source.stop(context.currentTime + 2 * FADE_S);
  }
  playing.bar.style.width = "0";
  playing = null;
  show();
}

// `group` is what the sounds belong to: a change within it goes on at the same place.
async function play(group, index, system, bar) {
  context ??= new AudioContext();
  await context.resume();
  const sounds = await decoded(index);
  if (!playing || playing.group !== group) {
    stop();
    const voices = {};
    const start = context.currentTime + 0.03;
    for (const [name, buffer] of Object.entries(sounds)) {
      const source = new AudioBufferSourceNode(context, { buffer, loop: true });
      const gain = new GainNode(context, { gain: 0 });
      source.connect(gain).connect(context.destination);
      source.start(start);
      voices[name] = { source, gain };
    }
    playing = { group, voices, start, seconds: Object.values(sounds)[0].duration, bar };
    requestAnimationFrame(move);
  }
  playing.system = system;
  for (const [name, { gain }] of Object.entries(playing.voices)) {
    gain.gain.setTargetAtTime(name === system ? 1 : 0, context.currentTime, FADE_S / 3);
  }
}

function move() {
  if (!playing) return;
  const place = Math.max(0, context.currentTime - playing.start) % playing.seconds;
  playing.bar.style.width = `${(100 * place) / playing.seconds}%`;
  requestAnimationFrame(move);
}

// --- With names ---
const sections = [...document.querySelectorAll(".instrument")];
let current = sections[0];

async function choose(section, system) {
  current = section;
  const group = `open ${section.dataset.instrument}`;
  if (playing && playing.group === group && playing.system === system) return stop();
  await play(group, Number(section.dataset.instrument), system, section.querySelector(".bar i"));
  show();
}

for (const section of sections) {
  for (const button of section.querySelectorAll("button")) {
    button.addEventListener("click", () => choose(section, button.dataset.system));
  }
}

// --- Blind ---
let trial = null;
const letters = [...document.querySelectorAll("[data-letter]")];
const answers = ["A", "B"].map((letter) => document.getElementById(`say-${letter}`));
const verdict = document.getElementById("verdict");
const whichInstrument = document.getElementById("which-instrument");
const whichSystem = document.getElementById("which-system");

const pick = (list) => list[Math.floor(Math.random() * list.length)];

function draw() {
  stop();
  const asked = whichSystem.value;
  const able = instruments
    .map((_, index) => index)
    .filter((index) => whichInstrument.value === "" || index === Number(whichInstrument.value))
    .filter((index) => asked === "" || asked in instruments[index].sounds);
  for (const button of [...letters, ...answers]) button.disabled = !able.length;
  if (!able.length) {
    trial = null;
    verdict.className = "";
    verdict.textContent = "This instrument has no sound of that system. Choose another one.";
    return;
  }
  const index = pick(able);
  const others = Object.keys(instruments[index].sounds).filter((name) => name !== "original");
  const system = asked || pick(others);
  const [A, B] = Math.random() < 0.5 ? ["original", system] : [system, "original"];
  trial = { number: (trial?.number ?? 0) + 1, index, system, A, B, X: pick([A, B]) };
  show();
}

async function hear(letter) {
  if (!trial) return;
  const group = `blind ${trial.number}`;
  if (playing && playing.group === group && trial.letter === letter) {
    trial.letter = null;
    return stop();
  }
  trial.letter = letter;
  await play(group, trial.index, trial[letter], document.querySelector(".trial .bar i"));
  show();
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function answer(letter) {
  if (!trial) return;
  const right = trial[letter] === trial.X;
  const all = kept();
  const row = (all[trial.system] ??= { right: 0, of: 0 });
  row.right += right;
  row.of += 1;
  try {
    localStorage.setItem(KEPT, JSON.stringify(all));
  } catch {
    // A browser may keep nothing; the test goes on.
  }
  verdict.className = right ? "right" : "wrong";
  const original = trial.A === "original" ? "A" : "B";
  verdict.textContent = `${right ? "Right" : "Wrong"}: ${original} was the original, the other one `
    + `${systems[trial.system]} (${instruments[trial.index].name}). The next one is ready.`;
  tally();
  draw();
}

// How probable it is to be right so often, or more often, by guessing.
function chance(right, of) {
  let term = 0.5 ** of, sum = 0;
  for (let k = 0; k <= of; k++) {
    if (k >= right) sum += term;
    term *= (of - k) / (k + 1);
  }
  return Math.min(1, sum);
}

function tally() {
  const all = kept();
  const body = document.getElementById("tally");
  body.replaceChildren();
  for (const [system, name] of Object.entries(systems)) {
    if (system === "original" || !instruments.some(({ sounds }) => system in sounds)) continue;
    const { right, of } = all[system] ?? { right: 0, of: 0 };
    const row = body.insertRow();
    row.append(Object.assign(document.createElement("th"), { textContent: name }));
    for (const text of [right, of, of ? `${(100 * chance(right, of)).toFixed(0)} %` : "–"]) {
      row.insertCell().textContent = text;
    }
  }
}

for (const button of letters) button.addEventListener("click", () => hear(button.dataset.letter));
answers.forEach((button, i) => button.addEventListener("click", () => answer("AB"[i])));
for (const select of [whichInstrument, whichSystem]) {
  select.addEventListener("change", () => {
    verdict.textContent = "";
    draw();
  });
}
document.getElementById("forget").addEventListener("click", () => {
  localStorage.removeItem(KEPT);
  tally();
});

// --- What is pressed, and which half of the page is seen ---
function show() {
  for (const section of sections) {
    for (const button of section.querySelectorAll("button")) {
      const heard = playing?.group === `open ${section.dataset.instrument}`
        && playing.system === button.dataset.system;
      button.setAttribute("aria-pressed", heard);
    }
  }
  for (const button of letters) {
    const heard = playing && trial && playing.group === `blind ${trial.number}`
      && trial.letter === button.dataset.letter;
    button.setAttribute("aria-pressed", Boolean(heard));
  }
}

const halves = ["open", "blind"];
function turnTo(half) {
  stop();
  for (const name of halves) {
    document.getElementById(name).hidden = name !== half;
    document.getElementById(`tab-${name}`).setAttribute("aria-selected", name === half);
  }
}
for (const half of halves) {
  document.getElementById(`tab-${half}`).addEventListener("click", () => turnTo(half));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
  if (event.key === " " && playing) {
    event.preventDefault();
    stop();
  } else if (!document.getElementById("blind").hidden) {
    const letter = event.key.toUpperCase();
    if (["A", "B", "X"].includes(letter)) hear(letter);
  } else {
    const button = current?.querySelectorAll("button")[Number(event.key) - 1];
    if (button) choose(current, button.dataset.system);
  }
});

tally();
draw();
