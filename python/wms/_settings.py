"""The params with which to analyse sound for a model."""

from __future__ import annotations

from ._wms import Model, Params

#: Keys that must be equal for a model to play what was analysed with some params.
SHARED_KEYS = ("sample_rate", "hop_size", "window_size", "n_fft", "cycles_per_window")


def analysis_params(model: Model) -> Params:
    """Return the params of the analysis that a model was trained with.

    For a model file without params, the shipped params are used, with those values that can be read
    off the network.
    """
    own = model.config
    if own["params"]:
        return Params.from_dict(own["params"])
    known = {key: {**own, **own["spectrum"]}[key] for key in SHARED_KEYS}
    return Params().replace(
        **known,
        n_fft_preserved=model.output_size,
        n_mfcc=len(own["scaler"]["mean"]),
        f_low=own["f0_mapping"]["f_low_hz"],
        include_voicedness="voicedness" in model.input_names,
    )
