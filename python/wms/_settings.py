"""The params with which to analyse sound for a model."""

from __future__ import annotations

from ._wms import Model, Params

#: Keys in which a model and the params of an analysis must agree for the model to play its frames.
SHARED_KEYS = ("sample_rate", "hop_size", "window_size", "n_fft", "cycles_per_window")


def analysis_params(model: Model) -> Params:
    """Return the params of the analysis that a model was trained with.

    For a model file without params, these are the shipped params, with the values replaced that the
    model file tells in another way, such as its number of outputs.
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
