//! Offline analysis of recordings into features and spectra.
//!
//! A signal is cut into centred frames. Each frame gets a fundamental frequency ([`pitch`]); a few
//! cycles around its centre become mel-frequency cepstral coefficients and, stretched to a fixed
//! length, the spectrum that a network learns to make.

mod cycles;
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
pub(crate) use features::table;
pub use features::{Features, FeaturesView};
pub use mel::{MfccSettings, MfccVariant};
pub use stages::{cycle_frames, cycle_spectrum, segment_mfcc};

use crate::params::{AnalysisParams, Compatibility};
use crate::{Result, Watch};
use cycles::Cutter;
use frame::Framing;
use mel::MelAnalyzer;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use spectrum::SpectrumAnalyzer;

/// Frames that one task works on, so that its windows and buffers serve more than one.
const FRAMES_PER_TASK: usize = 64;

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
            confined: self.compatibility != Compatibility::Own,
        }
    }

    /// How cepstral coefficients are computed.
    pub fn mfcc_settings(&self) -> MfccSettings {
        MfccSettings {
            sample_rate: self.sample_rate,
            n_fft: self.n_fft,
            n_mfcc: self.n_mfcc,
            n_mel: self.n_mel,
            variant: match self.compatibility {
                Compatibility::Own => MfccVariant::Own,
                Compatibility::Main => MfccVariant::Main,
                Compatibility::Dev => MfccVariant::Dev,
            },
        }
    }
}

/// Analyses a signal that is already at the parameters' sample rate.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if the parameters cannot be worked with, [`Error::Interrupted`](crate::Error::Interrupted) if `watch`
/// was stopped.
pub fn analyze_signal(signal: &[f32], params: &AnalysisParams, watch: &Watch) -> Result<Features> {
    let (f0_hz, voicedness) = pitch::track(signal, params, watch)?;
    watch.check()?;
    let (mfcc, spectrum) = describe(signal, 0, &f0_hz, params, watch)?;
    let (f0_hz, voicedness) = (Array1::from_vec(f0_hz), Array1::from_vec(voicedness));
    Ok(Features { f0_hz, voicedness, mfcc, spectrum })
}

/// Coefficients and spectra of the frames from `first` on, given their fundamentals.
pub(crate) fn describe(
    signal: &[f32],
    first: usize,
    f0_hz: &[f32],
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<(Array2<f32>, Array2<f32>)> {
    let settings = params.mfcc_settings();
    settings.check()?;
    spectrum::check_sizes(params.window_size, params.n_fft, params.n_bins)?;
    let tools = Tools {
        cutter: Cutter::new(params.cycle_settings()),
        mel: MelAnalyzer::new(settings),
        spectrum: SpectrumAnalyzer::new(params.window_size, params.n_fft),
    };
    let bands = tools.mel.levels_db.len();
    let mut spectra = vec![0.0; f0_hz.len() * params.n_bins];
    let mut mfcc = vec![0.0; f0_hz.len() * params.n_mfcc];
    // `dev` cuts levels relative to the loudest of all frames: its coefficients have to wait.
    let waits = settings.variant == MfccVariant::Dev;
    let mut levels = vec![0.0; if waits { f0_hz.len() * bands } else { 0 }];
    let mut level_rows: Vec<&mut [f64]> = levels.chunks_mut(FRAMES_PER_TASK * bands).collect();
    level_rows.resize_with(f0_hz.len().div_ceil(FRAMES_PER_TASK), Default::default);

    f0_hz
        .par_chunks(FRAMES_PER_TASK)
        .zip(spectra.par_chunks_mut(FRAMES_PER_TASK * params.n_bins))
        .zip(mfcc.par_chunks_mut(FRAMES_PER_TASK * params.n_mfcc))
        .zip(level_rows)
        .enumerate()
        .map_init(
            || tools.clone(),
            |tools, (task, (((f0_hz, spectra), mfcc), levels))| {
                watch.check()?;
                let spectra = spectra.chunks_exact_mut(params.n_bins);
                let mfcc = mfcc.chunks_exact_mut(params.n_mfcc);
                let mut levels = levels.chunks_exact_mut(bands);
                for (offset, ((&f0, spectrum), mfcc)) in
                    f0_hz.iter().zip(spectra).zip(mfcc).enumerate()
                {
                    tools.frame(signal, first + task * FRAMES_PER_TASK + offset, f0, spectrum);
                    match levels.next() {
                        Some(row) => row.copy_from_slice(&tools.mel.levels_db),
                        None => tools.mel.cepstrum(&tools.mel.levels_db, mfcc),
                    }
                }
                watch.advance(f0_hz.len());
                Ok(())
            },
        )
        .collect::<Result<()>>()?;
    if waits {
        mel::cut_dev_levels(&mut levels);
        for (row, levels) in mfcc.chunks_exact_mut(params.n_mfcc).zip(levels.chunks_exact(bands)) {
            tools.mel.cepstrum(levels, row);
        }
    }
    Ok((table(mfcc, params.n_mfcc), table(spectra, params.n_bins)))
}

/// All that one thread needs to describe frames.
#[derive(Clone)]
struct Tools {
    cutter: Cutter,
    mel: MelAnalyzer,
    spectrum: SpectrumAnalyzer,
}

impl Tools {
    /// Leaves the band levels in `mel` and writes the spectrum.
    fn frame(&mut self, signal: &[f32], index: usize, f0_hz: f32, spectrum: &mut [f32]) {
        self.cutter.cut(signal, index, f0_hz);
        self.mel.levels(&self.cutter.segment);
        self.cutter.stretch(signal, index, f0_hz);
        self.spectrum.log1p_magnitude(&self.cutter.cycle_frame, spectrum);
    }
}
