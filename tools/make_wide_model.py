"""Widen a model file to 16 timbre axes, to see how the editor shows so many.

Usage: python tools/make_wide_model.py MODEL OUT, both .safetensors. The new axes hardly change the
sound.
"""

import sys

import numpy as np

import wms

AXES = 16


def main() -> None:
    """Widen the model that the arguments name."""
    source, target = sys.argv[1:]
    model = wms.Model.load(source)
    tensors, config = model.state_dict(), model.config
    names = config["input_names"]
    axes = sum(name.startswith("mfcc_") for name in names)
    new = list(range(axes, AXES))
    names[axes:axes] = [f"mfcc_{number}" for number in new]
    config["name"] += f", {AXES} axes"
    for values in config["scaler"].values():
        values.extend(values[-1] for _ in new)
    for values in config["input_statistics"].values():
        values[axes:axes] = [values[axes - 1]] * len(new)
    weight = tensors["input_encoder.0.weight"]
    wide = np.zeros((len(names), len(names)), np.float32)
    kept = [*range(axes), *range(AXES, len(names))]
    wide[np.ix_(kept, kept)] = weight
    tensors["input_encoder.0.weight"] = wide
    bias = np.zeros(len(names), np.float32)
    bias[kept] = tensors["input_encoder.0.bias"]
    tensors["input_encoder.0.bias"] = bias
    recurrent = np.full((tensors["gru.weight_ih_l0"].shape[0], len(names)), 0.002, np.float32)
    recurrent[:, kept] = tensors["gru.weight_ih_l0"]
    tensors["gru.weight_ih_l0"] = recurrent
    wms.Model.from_state(config, tensors).save(target)


if __name__ == "__main__":
    main()
