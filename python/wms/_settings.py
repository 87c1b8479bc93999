"""The params by which sound is analysed for a model."""

from __future__ import annotations

from ._wms import Model, Params

#: What a model and params must have in common for the one to play what the other analyses.
SHARED_KEYS = ("sample_rate", "hop_size", "window_size", "n_fft", "cycles_per_window")


def analysis_params(model: Model) -> Params:
    """Return the params of the analysis that a model was trained on."""
    own = model.config
    if own["params"]:
        return Params.from_dict(own["params"])
    # A network without its params: the shipped ones, and what can be told from the network.
    told = {key: {**own, **own["spectrum"]}[key] for key in SHARED_KEYS}
    return Params().replace(
        **told,
        n_fft_preserved=model.output_size,
        n_mfcc=len(own["scaler"]["mean"]),
        f_low=own["f0_mapping"]["f_low_hz"],
        include_voicedness="voicedness" in model.input_names,
    )
