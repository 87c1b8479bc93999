// A square with a point to drag; plays the sound that it is given.
function render({ model, el }) {
  const size = 260;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  canvas.tabIndex = 0;
  canvas.style.cssText = "border:1px solid #999;touch-action:none;cursor:crosshair";
  canvas.setAttribute("aria-label", "timbre pad: drag, or use the arrow keys");
  el.appendChild(canvas);
  const draw = canvas.getContext("2d");

  const paint = () => {
    draw.fillStyle = "#fff";
    draw.fillRect(0, 0, size, size);
    draw.fillStyle = "#555";
    draw.font = "12px sans-serif";
    draw.fillText(model.get("x_name") + " →", 8, size - 8);
    draw.save();
    draw.translate(16, size - 24);
    draw.rotate(-Math.PI / 2);
    draw.fillText(model.get("y_name") + " →", 0, 0);
    draw.restore();
    draw.fillStyle = "#d1495b";
    draw.beginPath();
    draw.arc(model.get("x") * size, (1 - model.get("y")) * size, 7, 0, 2 * Math.PI);
    draw.fill();
  };

  // Python draws slower than a pointer moves: the last place is sent, at most ten times a second.
  let waiting = null;
  const move = (x, y) => {
    model.set("x", Math.min(1, Math.max(0, x)));
    model.set("y", Math.min(1, Math.max(0, y)));
    paint();
    waiting ??= setTimeout(() => { waiting = null; model.save_changes(); }, 100);
  };
  const drag = (event) => {
    const box = canvas.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    move(model.get("x") + 0.02 * step[0], model.get("y") + 0.02 * step[1]);
  });
  model.on("change:x change:y change:x_name change:y_name", paint);

  const player = new Audio();
  model.on("change:sound", () => {
    const sound = model.get("sound");
    if (sound) { player.src = sound; player.play(); }
  });
  paint();
  return () => { clearTimeout(waiting); player.pause(); };
}
export default { render };
