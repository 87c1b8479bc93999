"""Train and judge a decoder that learns wavetables in the same way as a WMS model, for comparison.

S. Shan, L. Hantrakul, J. Chen, M. Avent, D. Trevelyan, "Differentiable Wavetable Synthesis", ICASSP
2022. Twenty wavetables of 512 samples, of which the first four are simple waves and the others are
learned, are mixed by weights that a GRU decoder predicts from pitch, loudness and MFCC at 100
frames per second; noise in 65 bands is added. The loss is the multi-scale spectral distance. The
decoder and its training are those of benches/ddsp_baseline.py, which says how they differ from the
DDSP paper; no wavetables are learned beforehand from other instruments. With --train-seconds 4 it
learns from four seconds, as the paper does.

Prints the measures of `wms evaluate` on each recording of --test, with and without the decoder's
noise, and those of a WMS model if one is given. Everything is measured at 16 kHz.

Usage: python benches/dwts_baseline.py TRAIN_AUDIO... --test AUDIO [--test AUDIO...]
           [--minutes 20] [--mfcc 40] [--train-seconds 4] [--judge-at MINUTES...] [--model MODEL]
           [--out table.json or table.md] [--renders FOLDER]
"""

from baselines.command import run
from baselines.dwts import Dwts

if __name__ == "__main__":
    run(Dwts, __doc__)
