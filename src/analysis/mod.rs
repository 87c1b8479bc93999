//! Offline analysis of recordings into features and spectra.
//!
//! A signal is cut into centred frames. Each frame gets a fundamental frequency ([`pitch`]); a few
//! cycles around its centre become mel-frequency cepstral coefficients and, stretched to a fixed
//! length, the spectrum that a network learns to make.

pub mod compat;
mod cycles;
mod describe;
mod fourier;
pub mod frame;
mod mel;
pub mod pitch;
mod spectrum;
mod stages;
#[allow(clippy::inline_always)] // as in `pitch::crepe`
mod stretch;
mod watch;

pub use cycles::CycleSettings;
pub(crate) use describe::describe;
pub use mel::MfccSettings;
pub use stages::{cycle_frames, cycle_spectrum, segment_mfcc};
pub use watch::Watch;

use crate::audio;
use crate::params::AnalysisParams;
use crate::{Error, Result};
use frame::Framing;

/// What the analysis finds in one signal; `T` frames, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignalFeatures {
    /// Fundamental frequency, Hz, shape `(T,)`; the best guess where a frame is unvoiced.
    pub f0_hz: Vec<f32>,
    /// Voicedness, 0 to 1, shape `(T,)`.
    pub voicedness: Vec<f32>,
    /// Cepstral coefficients, not standardised, shape `(T, n_mfcc)`.
    pub mfcc: Vec<f32>,
    /// `log(1 + magnitude)`, shape `(T, n_bins)`.
    pub spectrum: Vec<f32>,
}

impl AnalysisParams {
    /// The frames.
    pub fn framing(&self) -> Framing {
        Framing { window_size: self.window_size, hop_size: self.hop_size }
    }

    /// How cycles are cut.
    pub fn cycle_settings(&self) -> CycleSettings {
        CycleSettings {
            sample_rate: self.sample_rate,
            framing: self.framing(),
            cycles: self.cycles_per_window,
        }
    }

    /// How cepstral coefficients are computed.
    pub fn mfcc_settings(&self) -> MfccSettings {
        MfccSettings {
            sample_rate: self.sample_rate,
            n_fft: self.n_fft,
            n_mfcc: self.n_mfcc,
            n_mel: self.n_mel,
        }
    }
}

/// Analyses a signal that is already at the parameters' sample rate.
///
/// With [`compatibility`](AnalysisParams::compatibility) set, the numbers are those of that version
/// of `wms_torch`.
///
/// # Errors
/// [`Error::Parameter`] if the signal cannot be analysed with these parameters,
/// [`Error::Interrupted`] if `watch` was stopped.
pub fn analyze_signal(
    signal: &[f32],
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<SignalFeatures> {
    if let Some(version) = params.compatibility.version() {
        return compat::analyze_signal(signal, params, version, watch);
    }
    let track = pitch::track(signal, params, watch)?;
    watch.check()?;
    let (mfcc, spectrum) = describe(signal, 0, &track.f0_hz, params, watch)?;
    Ok(SignalFeatures { f0_hz: track.f0_hz, voicedness: track.voicedness, mfcc, spectrum })
}

/// Refuses samples that no analysis can take.
///
/// # Errors
/// [`Error::Parameter`] names the first sample that is not finite or far beyond full scale.
pub fn check_finite(signal: &[f32]) -> Result<()> {
    match audio::first_bad_sample(signal) {
        Some(at) => Err(Error::Parameter(format!(
            "sample {at} is {:?}, wanted finite samples, full scale at ±1",
            signal[at]
        ))),
        None => Ok(()),
    }
}
