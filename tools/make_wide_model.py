"""Widen a model file to 16 timbre axes, to see how the editor shows so many.

Usage: python tools/make_wide_model.py MODEL OUT, both .safetensors. The new axes hardly change the
sound. Needs numpy and safetensors.
"""

import json
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

AXES = 16


def main() -> None:
    """Write the widened model."""
    source, target = sys.argv[1:]
    with safe_open(source, "numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    config = json.loads(metadata["config"])
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
    metadata["config"] = json.dumps(config)
    save_file(tensors, target, metadata)


if __name__ == "__main__":
    main()
