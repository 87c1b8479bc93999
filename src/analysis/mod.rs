//! Offline analysis of recordings into features and spectra.
//!
//! A signal is cut into centred frames. Each frame gets a fundamental frequency ([`pitch`]); a few
//! cycles around its centre become mel-frequency cepstral coefficients and, stretched to a fixed
//! length, the spectrum that a network learns to make.

pub mod compat;
mod cycles;
mod describe;
mod features;
mod fourier;
pub mod frame;
mod mel;
pub mod pitch;
mod spectrum;
mod stages;
#[allow(clippy::inline_always)] // as in `pitch::crepe`
mod stretch;

pub use cycles::CycleSettings;
pub(crate) use describe::describe;
pub(crate) use features::table;
pub use features::{Features, FeaturesView};
pub use mel::MfccSettings;
pub use stages::{cycle_frames, cycle_spectrum, segment_mfcc};

use crate::params::AnalysisParams;
use crate::{Result, Watch};
use frame::Framing;

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
/// [`Error::Parameter`](crate::Error::Parameter) if the signal cannot be analysed with these parameters,
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub fn analyze_signal(signal: &[f32], params: &AnalysisParams, watch: &Watch) -> Result<Features> {
    if let Some(version) = params.compatibility.version() {
        return compat::analyze_signal(signal, params, version, watch);
    }
    let track = pitch::track(signal, params, watch)?;
    watch.check()?;
    let (mfcc, spectrum) = describe(signal, 0, &track.f0_hz, params, watch)?;
    Ok(Features::new(track, mfcc, spectrum))
}
