"""The profile that suits recordings."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence

import numpy as np

from ._formulas import hz_to_slaney_mel
from ._wms import Params, audio_info, band_limit, list_audio
from .errors import AudioWarning, WmsError

#: Lowest and highest sample rates of the profile.
_LOWEST_RATE, _HIGHEST_RATE = 8000, 44100
#: Rates for recordings whose band ends below half of their own rate.
_BAND_RATES = (8000, 11025, 16000, 22050, 32000)
#: How far above half of a rate a band may end for this rate, as a share: filters are not steep.
_BAND_MARGIN = 1.025
#: Spectrum bins from one partial to the next.
_SPACING = 4


def params_for(
    recordings: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], *, channel: str = "mix"
) -> Params:
    """Return the hi-fi profile, at the recordings' own sample rate if that is lower.

    If there is nothing in them above a limit, such as 4 kHz, though there is sound up to it
    (`band_limit`), the rate is as low as that allows. At a lower rate the hop, the mel bands and
    the spectrum are reduced in proportion, so that the profile stays as fine as it is at 44.1 kHz.
    Files that cannot be read are passed over here.

    Parameters
    ----------
    recordings : path, or sequence of them
        Audio files and folders.
    channel : {"mix", "left", "right"}, default "mix"
        The channel that will be analysed.

    Raises
    ------
    AudioFileError
        If there is no such file or folder, or a folder holds no audio.

    Examples
    --------
    >>> wms.save_audio("telephone.wav", np.zeros(8000), 8000)
    >>> params = wms.params_for("telephone.wav")
    >>> params["sample_rate"], params["hop_size"], params["n_mel"]
    (8000, 64, 38)
    """
    rates = []
    with warnings.catch_warnings():
        # The analysis that follows gives the same warnings.
        warnings.simplefilter("ignore", AudioWarning)
        paths = list_audio(recordings)
    for path in paths:
        try:
            rates.append(audio_info(path)[1])
        except WmsError:
            continue
    rate = max(rates, default=_HIGHEST_RATE)
    if rate > _LOWEST_RATE and (limit := band_limit(paths, channel=channel)) is not None:
        enough = (r for r in _BAND_RATES if 2 * limit <= _BAND_MARGIN * r)
        rate = min(rate, next(enough, rate))
    return _at_rate(Params.profile("hifi"), rate)


def _at_rate(profile: Params, rate: int) -> Params:
    full = int(profile["sample_rate"])
    if rate >= full:
        return profile
    rate = max(rate, _LOWEST_RATE)
    hop = 2 ** round(math.log2(profile["hop_size"] * rate / full))
    mel, full_mel = hz_to_slaney_mel(np.array([rate, full]) / 2)
    bands = round(profile["n_mel"] * mel / full_mel)
    partials = math.ceil(rate / 2 / profile["f_low"])
    return profile.replace(
        sample_rate=rate,
        hop_size=hop,
        n_mel=bands,
        n_mfcc=bands,
        n_fft_preserved=min(profile["n_fft_preserved"], _SPACING * partials + 1),
        f_high=min(profile["f_high"], rate // 4),
    )
