//! The stages of the analysis, each by itself over whole arrays.

use super::cycles::{Cutter, CycleSettings};
use super::mel::{MelAnalyzer, MfccSettings, SegmentInput, WholeSegment};
use super::spectrum::{SpectrumAnalyzer, check_sizes};
use crate::Result;
use rayon::prelude::*;

/// Cycle frames of all frames: row-major `(T, window_size)` for the `T` values of `f0_hz`.
///
/// A frame whose `f0_hz` is 0 is taken as it is.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if a setting is 0, or a fundamental is negative,
/// NaN or infinite.
pub fn cycle_frames(signal: &[f32], f0_hz: &[f32], settings: &CycleSettings) -> Result<Vec<f32>> {
    stretch_all(signal, f0_hz, settings, Cutter::new)
}

/// Cycle frames of all frames, of segments as `cutter` cuts them.
pub(super) fn stretch_all(
    signal: &[f32],
    f0_hz: &[f32],
    settings: &CycleSettings,
    cutter: impl Fn(CycleSettings) -> Cutter + Sync,
) -> Result<Vec<f32>> {
    settings.check()?;
    settings.check_f0(f0_hz)?;
    let window = settings.framing.window_size;
    let mut frames = vec![0.0; f0_hz.len() * window];
    frames.par_chunks_exact_mut(window).zip(f0_hz).enumerate().for_each_init(
        || cutter(*settings),
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
/// [`Error::Parameter`](crate::Error::Parameter) if a setting is out of range, or a fundamental is
/// negative, NaN or infinite.
pub fn segment_mfcc(
    signal: &[f32],
    f0_hz: &[f32],
    cycles: &CycleSettings,
    settings: &MfccSettings,
) -> Result<Vec<f32>> {
    cycles.check()?;
    settings.check()?;
    cycles.check_f0(f0_hz)?;
    let mel = MelAnalyzer::new(*settings, WholeSegment);
    let levels_db = band_levels(signal, f0_hz, &Cutter::new(*cycles), &mel);
    Ok(cepstra(&mel, &levels_db, settings.n_mfcc))
}

/// Mel band levels of all frames' segments in dB: row-major `(T, n_mel)`.
pub(super) fn band_levels<I: SegmentInput>(
    signal: &[f32],
    f0_hz: &[f32],
    cutter: &Cutter,
    mel: &MelAnalyzer<I>,
) -> Vec<f64> {
    let bands = mel.levels_db.len();
    let mut levels_db = vec![0.0; f0_hz.len() * bands];
    levels_db.par_chunks_exact_mut(bands).zip(f0_hz).enumerate().for_each_init(
        || (cutter.clone(), mel.clone()),
        |(cutter, mel), (index, (row, &f0))| {
            cutter.cut(signal, index, f0);
            mel.measure(&cutter.segment);
            row.copy_from_slice(&mel.levels_db);
        },
    );
    levels_db
}

/// Cepstral coefficients of all frames' band levels: row-major `(T, n_mfcc)`.
pub(super) fn cepstra<I: SegmentInput>(
    mel: &MelAnalyzer<I>,
    levels_db: &[f64],
    n_mfcc: usize,
) -> Vec<f32> {
    let bands = mel.levels_db.len();
    let mut mfcc = vec![0.0; levels_db.len() / bands * n_mfcc];
    for (row, levels_db) in mfcc.chunks_exact_mut(n_mfcc).zip(levels_db.chunks_exact(bands)) {
        mel.cepstrum_of(levels_db, row);
    }
    mfcc
}

/// `log(1 + magnitude)` of frames of `window_size` samples: row-major `(T, n_bins)`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if `n_fft < window_size`, or `n_bins` is 0 or above
/// `n_fft / 2 + 1`.
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
