"""Measure the VST3 plugin in a host: time to load, share of one core, size. Needs `make plugin`."""

import time
from pathlib import Path

import dawdreamer
import numpy as np

BUNDLED = Path(__file__).parents[1] / "target" / "bundled"
RATE = 48_000
SECONDS = 10.0


def loaded(block: int) -> tuple[dawdreamer.RenderEngine, object, float]:
    """Return an engine with the plugin loaded, and the seconds that loading took."""
    engine = dawdreamer.RenderEngine(RATE, block)
    begun = time.perf_counter()
    plugin = engine.make_plugin_processor("wms", str(BUNDLED / "wms-plugin.vst3"))
    engine.load_graph([(plugin, [])])
    return engine, plugin, time.perf_counter() - begun


def share(voices: int, block: int) -> float:
    """Return the share of one core for that many held notes, the best of three runs."""
    engine, plugin, _ = loaded(block)
    for voice in range(voices):
        plugin.add_midi_note(45 + 2 * voice, 100, 0.0, 2 * SECONDS)
    engine.render(0.1)
    taken = []
    for _ in range(3):
        begun = time.process_time()
        engine.render(SECONDS)
        taken.append(time.process_time() - begun)
        if voices and np.abs(engine.get_audio()).max() < 1e-3:
            raise SystemExit("the plugin is silent")
    return min(taken) / SECONDS


def main() -> None:
    """Print a table."""
    sizes = [f for f in BUNDLED.rglob("wms-*") if f.is_file()] + list(BUNDLED.rglob("*.so"))
    for file in sorted(set(sizes)):
        print(f"{file.relative_to(BUNDLED)}  {file.stat().st_size / 2**20:.1f} MiB")
    first = loaded(512)[2]
    print(f"load: {1e3 * first:.0f} ms, again {1e3 * loaded(512)[2]:.0f} ms")
    print("voices  block  share of one core")
    for voices in (0, 8, 16):
        for block in (64, 512):
            print(f"{voices:6}  {block:5}  {100 * share(voices, block):6.2f} %")


if __name__ == "__main__":
    main()
