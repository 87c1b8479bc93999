//! Analysis with exactly the results of librosa, torchcrepe and `wms_torch`.
//!
//! This project's own analysis corrects faults of `wms_torch`. Models and caches made by
//! `wms_torch` need its results, faults included, and so do comparisons with the libraries that it
//! uses. They are computed here. Where the two agree, they share their code; they differ in these
//! parts:
//!
//! | part | here | this project's own analysis |
//! | --- | --- | --- |
//! | YIN's difference function | half a frame with what follows | the whole frame with itself |
//! | [`yin()`] | no voicedness | probability of a period |
//! | [`pyin()`] | pitch bins, no leaps | pitches of the troughs, leaps |
//! | [`torchcrepe`] | the network alone | the network and the waveform |
//! | segments | end at their frame's edges | reach into the recording |
//! | coefficients | librosa's frames, levels within 80 dB | the whole segment, a fixed floor |
//! | recordings | joined into one signal | each by itself |

mod cycles;
mod describe;
mod difference;
mod join;
mod mfcc;
mod pyin;
pub mod torchcrepe;
mod yin;

pub use cycles::cycle_frames;
pub use join::Joined;
pub use mfcc::segment_mfcc;
pub use pyin::{PyinTrack, pyin};
pub use yin::yin;

use super::Features;
use super::pitch::PitchTracker;
use super::pitch::crepe::DecoderKind;
use super::pitch::crepe::recording::CrepeTracker;
use crate::params::{AnalysisParams, Compatibility, PitchMethod};
use crate::{Result, Watch};

/// The versions of `wms_torch`, by the names of its branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Coefficients from librosa's centred frame over the first half of the windowed segment; levels
    /// are limited to 80 dB below the frame's loudest.
    Main,
    /// Coefficients from the windowed segment repeated to `n_fft` samples; levels are limited to 80
    /// dB below the loudest of all frames.
    Dev,
}

impl Compatibility {
    /// The version of `wms_torch` to reproduce; `None` for this project's own analysis.
    pub fn version(self) -> Option<Version> {
        match self {
            Self::Own => None,
            Self::Main => Some(Version::Main),
            Self::Dev => Some(Version::Dev),
        }
    }
}

/// Analyses a signal as `version` of `wms_torch` does, see
/// [`analysis::analyze_signal`](crate::analysis::analyze_signal).
pub(super) fn analyze_signal(
    signal: &[f32],
    params: &AnalysisParams,
    version: Version,
    watch: &Watch,
) -> Result<Features> {
    let track = tracker(params).track(signal, 0, watch)?;
    watch.check()?;
    let (mfcc, spectrum) = describe::describe(signal, &track.f0_hz, params, version, watch)?;
    Ok(Features::new(track, mfcc, spectrum))
}

/// The pitch tracker that the parameters ask for, as librosa or torchcrepe implements it.
fn tracker(params: &AnalysisParams) -> Box<dyn PitchTracker> {
    match params.pitch_method {
        PitchMethod::Yin => Box::new(yin::LibrosaYin(params.yin_settings())),
        PitchMethod::Pyin => Box::new(pyin::LibrosaPyin(params.yin_settings())),
        PitchMethod::Crepe => Box::new(CrepeTracker::new(params, DecoderKind::Viterbi)),
    }
}

/// Converts values to single precision.
fn single(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}
