//! Finds the fundamental frequency and voicedness of every frame.
//!
//! There are three methods, each a `PitchTracker`: YIN, probabilistic YIN (pYIN) and the CREPE
//! network. `tracker` chooses one. The versions that give exactly the results of librosa and
//! torchcrepe are in
//! [`compat`](crate::analysis::compat).

pub mod crepe;
pub(crate) mod difference;
#[allow(clippy::inline_always)] // as in `crepe`
pub(crate) mod max_plus;
mod ordered_sums;
pub(crate) mod pyin;
mod settings;
pub(crate) mod track;
pub(crate) mod viterbi;
pub(crate) mod yin;

pub use crepe::recording::{crepe_probabilities, crepe_track};
pub use settings::YinSettings;
pub use track::PitchTrack;

use crate::Result;
use crate::Watch;
use crate::params::{AnalysisParams, PitchMethod};
use crepe::DecoderKind;
use crepe::recording::CrepeTracker;
pub(crate) use track::{Pitch, first_pitch, hold_pitch};

/// A method of finding the pitch of a recording, or of a part of one.
pub(crate) trait PitchTracker: Send + Sync {
    /// Pitch of every frame of `signal`, whose first sample is the centre of the recording's frame
    /// `first`. A frame without a pitch has 0 Hz.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) if the method cannot work with its settings,
    /// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
    fn track(&self, signal: &[f32], first: usize, watch: &Watch) -> Result<PitchTrack>;
}

/// The tracker that the parameters ask for, in this project's own version.
pub(crate) fn tracker(params: &AnalysisParams) -> Box<dyn PitchTracker> {
    match params.pitch_method {
        PitchMethod::Yin => Box::new(yin::Yin(params.yin_settings())),
        PitchMethod::Pyin => Box::new(pyin::Pyin(params.yin_settings())),
        PitchMethod::Crepe => Box::new(CrepeTracker::new(params, DecoderKind::Own)),
    }
}

/// Fundamental frequency in Hz and voicedness (0 to 1) of each frame, by the parameters' method.
///
/// A frame without a pitch takes the pitch of the last frame that has one, or else of the next, so
/// that the network's pitch input does not leap at every rest. Its voicedness still says that it
/// has none. If no frame has a pitch, all are 0 Hz.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the method cannot work with the parameters,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(crate) fn track(signal: &[f32], params: &AnalysisParams, watch: &Watch) -> Result<PitchTrack> {
    let mut track = tracker(params).track(signal, 0, watch)?;
    if let Some(mut held) = first_pitch(&track.f0_hz) {
        hold_pitch(&mut track.f0_hz, &mut held);
    }
    Ok(track)
}

impl AnalysisParams {
    /// The range and frames that YIN and pYIN search with these parameters.
    pub fn yin_settings(&self) -> YinSettings {
        YinSettings {
            fmin_hz: self.f_low_hz,
            fmax_hz: self.f_high_hz,
            sample_rate: f64::from(self.sample_rate),
            frame_length: self.window_size,
            hop_length: self.hop_size,
        }
    }
}
