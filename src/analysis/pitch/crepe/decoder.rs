//! Decodes the network's probabilities into a pitch track.

use super::bins::bins_between;
use super::{BINS, BLOCK_FRAMES, Crepe, Grid, check_hop, tracker};
use crate::analysis::compat::torchcrepe;
use crate::analysis::pitch::track::PitchTrack;
use crate::{Error, Result, Watch};
use ndarray::Array2;
use std::str::FromStr;

// torchcrepe decodes each batch separately, so a block must hold whole batches.
const _: () = assert!(BLOCK_FRAMES.is_multiple_of(torchcrepe::BATCH_FRAMES));

impl Crepe {
    /// Tracks the pitch of audio at 16 kHz, with one value for each frame of
    /// [`Self::probabilities`].
    ///
    /// The track's voicedness is what torchcrepe calls periodicity: the confidence in the pitch, 0
    /// to
    /// 1. Apart from the result, memory does not grow with the audio.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `hop` is 0, or `fmin` and `fmax` (Hz) are not positive, ascending and
    /// within the network's range.
    pub fn track(
        &self,
        audio: &[f32],
        hop: usize,
        fmin: f64,
        fmax: f64,
        decoder: DecoderKind,
    ) -> Result<PitchTrack> {
        check_hop(hop)?;
        let grid = Grid::of(audio.len(), hop);
        self.track_frames(audio, &grid, (fmin, fmax), decoder, &Watch::default())
    }

    /// Tracks the pitch of audio at 16 kHz in the frames of `grid`, see [`Self::track`].
    ///
    /// # Errors
    /// The same as [`Self::track`]; [`Error::Interrupted`] if `watch` was stopped.
    pub fn track_frames(
        &self,
        audio: &[f32],
        grid: &Grid,
        (fmin, fmax): (f64, f64),
        decoder: DecoderKind,
        watch: &Watch,
    ) -> Result<PitchTrack> {
        bins_between(fmin, fmax)?;
        let decode = match decoder {
            DecoderKind::Own => return tracker::track(self, audio, grid, (fmin, fmax), watch),
            DecoderKind::Argmax => torchcrepe::argmax,
            DecoderKind::WeightedArgmax => torchcrepe::weighted_argmax,
            DecoderKind::Viterbi => torchcrepe::viterbi,
        };
        let mut track = PitchTrack::default();
        for first in (0..grid.frames).step_by(BLOCK_FRAMES) {
            watch.check()?;
            let mut probabilities = Array2::zeros((BLOCK_FRAMES.min(grid.frames - first), BINS));
            self.fill(audio, grid, first, probabilities.as_slice_mut().unwrap_or_default());
            let block = decode(&probabilities, fmin, fmax)?;
            track.f0_hz.extend(block.f0_hz);
            track.voicedness.extend(block.voicedness);
        }
        Ok(track)
    }
}

/// How the network's probabilities become a pitch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecoderKind {
    /// The likeliest bin, see [`torchcrepe::argmax`].
    Argmax,
    /// A weighted mean of the bins around the likeliest one, see [`torchcrepe::weighted_argmax`].
    WeightedArgmax,
    /// torchcrepe's default without its dither, see [`torchcrepe::viterbi`].
    Viterbi,
    /// This project's own: the network and the periodicity of the waveform and of its spectrum
    /// decide on a path together, and the pitch is measured on the waveform. In frames without a
    /// pitch in range, pitch and periodicity are 0. In the others, periodicity is the network's
    /// probability of the pitch or one of its next three partials, times the similarity of the
    /// waveform with itself one period later, which is near 0 for noise.
    #[default]
    Own,
}

impl FromStr for DecoderKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "argmax" => Ok(Self::Argmax),
            "weighted_argmax" => Ok(Self::WeightedArgmax),
            "viterbi" => Ok(Self::Viterbi),
            "wms" => Ok(Self::Own),
            _ => Err(Error::parameter(format!(
                "decoder is {name:?}, wanted \"wms\", \"viterbi\", \"argmax\" or \"weighted_argmax\""
            ))),
        }
    }
}
