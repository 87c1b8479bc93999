"""Train and judge a DDSP-style decoder in the same way as a WMS model, for comparison.

J. Engel, L. Hantrakul, C. Gu, A. Roberts, "DDSP: Differentiable Digital Signal Processing", ICLR
2020. A GRU decoder gets pitch, loudness and MFCC at 100 frames per second and controls a bank of
harmonics and noise in 65 bands; the loss is the multi-scale spectral distance. There are three
differences from the paper: the MFCC are used directly, without an encoder; there is no reverb; and
the learning rate falls by a cosine over the given time, which suits short trainings better. The
time is processor time, so that other work on the machine does not matter: 20 minutes are about 10
minutes on two free cores.

Prints the measures of `wms evaluate` on each recording of --test, with and without the decoder's
noise, and those of a WMS model if one is given. Everything is measured at 16 kHz.

Usage: python benches/ddsp_baseline.py TRAIN_AUDIO... --test AUDIO [--test AUDIO...]
           [--minutes 20] [--mfcc 40] [--judge-at MINUTES...] [--model MODEL]
           [--out table.json or table.md] [--renders FOLDER]
"""

from baselines.command import run
from baselines.ddsp import Ddsp

if __name__ == "__main__":
    run(Ddsp, __doc__)
