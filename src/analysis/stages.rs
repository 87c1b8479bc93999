//! The stages of the analysis, each by itself over whole arrays.

use super::cycles::{Cutter, CycleSettings};
use super::mel::{MelAnalyzer, MfccSettings, MfccVariant, cut_dev_levels};
use super::spectrum::{SpectrumAnalyzer, check_sizes};
use crate::Result;
use rayon::prelude::*;

/// Cycle frames of all frames: row-major `(T, window_size)` for the `T` values of `f0_hz`.
///
/// A frame whose `f0_hz` is 0 is taken as it is.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if a setting is 0 or a fundamental negative or not finite.
pub fn cycle_frames(signal: &[f32], f0_hz: &[f32], settings: &CycleSettings) -> Result<Vec<f32>> {
    settings.check()?;
    settings.check_f0(f0_hz)?;
    let window = settings.framing.window_size;
    let mut frames = vec![0.0; f0_hz.len() * window];
    frames.par_chunks_exact_mut(window).zip(f0_hz).enumerate().for_each_init(
        || Cutter::new(*settings),
        |cutter, (index, (out, &f0))| {
            cutter.stretch(signal, index, f0);
            out.copy_from_slice(&cutter.cycle_frame);
        },
    );
    Ok(frames)
}

/// Cepstral coefficients of all frames, not standardised: row-major `(T, n_mfcc)`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if a setting cannot be worked with or a fundamental is negative or not
/// finite.
pub fn segment_mfcc(
    signal: &[f32],
    f0_hz: &[f32],
    cycles: &CycleSettings,
    settings: &MfccSettings,
) -> Result<Vec<f32>> {
    cycles.check()?;
    settings.check()?;
    cycles.check_f0(f0_hz)?;
    let mel = MelAnalyzer::new(*settings);
    let bands = mel.levels_db.len();
    let mut levels = vec![0.0; f0_hz.len() * bands];
    levels.par_chunks_exact_mut(bands).zip(f0_hz).enumerate().for_each_init(
        || (Cutter::new(*cycles), mel.clone()),
        |(cutter, mel), (index, (row, &f0))| {
            cutter.cut(signal, index, f0);
            mel.levels(&cutter.segment);
            row.copy_from_slice(&mel.levels_db);
        },
    );
    if settings.variant == MfccVariant::Dev {
        cut_dev_levels(&mut levels);
    }
    let mut mfcc = vec![0.0; f0_hz.len() * settings.n_mfcc];
    for (row, levels) in mfcc.chunks_exact_mut(settings.n_mfcc).zip(levels.chunks_exact(bands)) {
        mel.cepstrum(levels, row);
    }
    Ok(mfcc)
}

/// `log(1 + magnitude)` of frames of `window_size` samples: row-major `(T, n_bins)`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if `n_fft < window_size`, or `n_bins` is 0 or above `n_fft / 2 + 1`.
pub fn cycle_spectrum(
    frames: &[f32],
    window_size: usize,
    n_fft: usize,
    n_bins: usize,
) -> Result<Vec<f32>> {
    check_sizes(window_size, n_fft, n_bins)?;
    let analyzer = SpectrumAnalyzer::new(window_size, n_fft);
    let mut spectra = vec![0.0; frames.len() / window_size * n_bins];
    spectra.par_chunks_exact_mut(n_bins).zip(frames.par_chunks_exact(window_size)).for_each_init(
        || analyzer.clone(),
        |analyzer, (out, frame)| analyzer.log1p_magnitude(frame, out),
    );
    Ok(spectra)
}
