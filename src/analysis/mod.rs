//! Analyses recordings into features and spectra (offline, not for the audio thread).
//!
//! A signal is cut into centred frames. [`pitch`] finds each frame's fundamental frequency. A few
//! cycles around the frame's centre become mel-frequency cepstral coefficients
//! ([`segment_mfcc`]) and, stretched to a fixed length ([`cycle_frames`]), the spectrum
//! ([`cycle_spectrum`]) that a network learns to make.
//!
//! These are this project's own methods. [`compat`] computes the exact results of librosa,
//! torchcrepe and `wms_torch`.

pub mod compat;
mod cycles;
mod describe;
mod features;
mod fourier;
pub mod frame;
mod logarithm;
mod mel;
pub mod pitch;
mod spectrum;
mod stages;
#[allow(clippy::inline_always)] // as in `pitch::crepe`
mod stretch;
mod sums;

pub use cycles::CycleSettings;
pub(crate) use describe::describe;
pub(crate) use features::table;
pub use features::{Features, FeaturesView};
pub(crate) use fourier::hann_periodic;
pub use mel::MfccSettings;
pub use stages::{cycle_frames, cycle_spectrum, segment_mfcc};

use crate::params::AnalysisParams;
use crate::{Result, Watch};
use frame::Framing;

impl AnalysisParams {
    /// Length and spacing of the frames.
    pub fn framing(&self) -> Framing {
        Framing { window_size: self.window_size, hop_size: self.hop_size }
    }

    /// How segments of a few cycles are cut.
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

/// Finds the features and spectra of a mono signal that is already at the parameters' sample rate.
///
/// Full scale is ±1. The result has one frame every `hop_size` samples, `1 + n / hop_size` for n
/// samples. If [`compatibility`](AnalysisParams::compatibility) names a version of `wms_torch`, the
/// results are those of that version.
///
/// # Examples
/// ```
/// use wms::analysis::analyze_signal;
/// use wms::{Params, Watch};
///
/// // A quarter of a second of 220 Hz at the default 16 kHz.
/// let step = std::f32::consts::TAU * 220.0 / 16_000.0;
/// let signal: Vec<f32> = (0..4000).map(|n| 0.5 * (step * n as f32).sin()).collect();
/// let params = Params::default();
/// let features = analyze_signal(&signal, params.analysis(), &Watch::default())?;
/// assert_eq!(features.f0_hz.len(), 1 + 4000 / params.analysis().hop_size);
/// assert!((features.f0_hz[8] - 220.0).abs() < 0.5);
/// # Ok::<(), wms::Error>(())
/// ```
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
