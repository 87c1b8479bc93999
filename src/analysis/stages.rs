//! The stages of the analysis as separate functions over whole arrays.

use super::cycles::{Cutter, CycleSettings};
use super::mel::{MelAnalyzer, MfccSettings, SegmentInput, WholeSegment};
use super::spectrum::{SpectrumAnalyzer, check_sizes};
use crate::Result;
use ndarray::{Array2, ArrayRef2, ArrayView1, Axis};
use rayon::prelude::*;

/// Cuts a few cycles around each frame's centre and stretches them to `window_size` samples.
///
/// `f0_hz` holds the fundamental frequency of each of `T` frames. Returns their cycle frames, shape
/// `(T, window_size)`. A frame whose `f0_hz` is 0 is used unstretched.
///
/// # Examples
/// ```
/// use wms::analysis::frame::Framing;
/// use wms::analysis::{CycleSettings, cycle_frames, cycle_spectrum};
///
/// let framing = Framing { window_size: 1024, hop_size: 256 };
/// let settings = CycleSettings { sample_rate: 16_000, framing, cycles: 2 };
/// let step = std::f32::consts::TAU * 220.0 / 16_000.0;
/// let signal: Vec<f32> = (0..4000).map(|n| 0.5 * (step * n as f32).sin()).collect();
/// let f0_hz = vec![220.0; framing.count(signal.len())];
///
/// let frames = cycle_frames(&signal, &f0_hz, &settings)?;
/// assert_eq!(frames.dim(), (f0_hz.len(), 1024));
/// // Two cycles per frame: the fundamental is in bin 2 whatever its frequency.
/// let spectra = cycle_spectrum(&frames, 1024, 80)?;
/// assert!(spectra[[8, 2]] > 3.5 && spectra[[8, 10]] < 0.1);
/// # Ok::<(), wms::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if a setting is 0, or a fundamental is negative,
/// NaN or infinite.
pub fn cycle_frames(
    signal: &[f32],
    f0_hz: &[f32],
    settings: &CycleSettings,
) -> Result<Array2<f32>> {
    stretch_all(signal, f0_hz, settings, Cutter::new)
}

/// Cycle frames of all frames, made from the segments that `cutter` cuts.
pub(super) fn stretch_all(
    signal: &[f32],
    f0_hz: &[f32],
    settings: &CycleSettings,
    cutter: impl Fn(CycleSettings) -> Cutter + Sync,
) -> Result<Array2<f32>> {
    settings.check()?;
    settings.check_f0(f0_hz)?;
    let mut frames = Array2::zeros((f0_hz.len(), settings.framing.window_size));
    frames.axis_iter_mut(Axis(0)).into_par_iter().zip(f0_hz).enumerate().for_each_init(
        || cutter(*settings),
        |cutter, (index, (mut row, &f0))| {
            cutter.stretch(signal, index, f0);
            row.assign(&ArrayView1::from(&cutter.cycle_frame));
        },
    );
    Ok(frames)
}

/// Mel-frequency cepstral coefficients of a few cycles around each frame's centre.
///
/// `f0_hz` holds the fundamental frequency of each of `T` frames. Returns the coefficients, not
/// standardised, shape `(T, n_mfcc)`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if a setting is out of range, or a fundamental is
/// negative, NaN or infinite.
pub fn segment_mfcc(
    signal: &[f32],
    f0_hz: &[f32],
    cycles: &CycleSettings,
    settings: &MfccSettings,
) -> Result<Array2<f32>> {
    cycles.check()?;
    settings.check()?;
    cycles.check_f0(f0_hz)?;
    let mel = MelAnalyzer::new(*settings, WholeSegment);
    let levels_db = band_levels(signal, f0_hz, &Cutter::new(*cycles), &mel);
    Ok(mel.cepstra(&levels_db))
}

/// Mel band levels of all frames' segments in dB, `(T, n_mel)`.
pub(super) fn band_levels<I: SegmentInput>(
    signal: &[f32],
    f0_hz: &[f32],
    cutter: &Cutter,
    mel: &MelAnalyzer<I>,
) -> Array2<f64> {
    let mut levels_db = Array2::zeros((f0_hz.len(), mel.levels_db.len()));
    levels_db.axis_iter_mut(Axis(0)).into_par_iter().zip(f0_hz).enumerate().for_each_init(
        || (cutter.clone(), mel.clone()),
        |(cutter, mel), (index, (mut row, &f0))| {
            cutter.cut(signal, index, f0);
            mel.measure(&cutter.segment);
            row.assign(&ArrayView1::from(&mel.levels_db));
        },
    );
    levels_db
}

/// Spectra of cycle frames: `log(1 + magnitude)` of their lowest `n_bins` bins.
///
/// `frames` has shape `(T, window_size)`; the result has shape `(T, n_bins)`.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) if `n_fft < window_size`, or `n_bins` is 0 or above
/// `n_fft / 2 + 1`.
pub fn cycle_spectrum(frames: &ArrayRef2<f32>, n_fft: usize, n_bins: usize) -> Result<Array2<f32>> {
    let (count, window_size) = frames.dim();
    check_sizes(window_size, n_fft, n_bins)?;
    let analyzer = SpectrumAnalyzer::new(window_size, n_fft);
    let mut spectra = Array2::zeros((count, n_bins));
    spectra.axis_iter_mut(Axis(0)).into_par_iter().zip(frames.axis_iter(Axis(0))).for_each_init(
        || analyzer.clone(),
        |analyzer, (mut row, frame)| analyzer.log1p_magnitude(frame, &mut row),
    );
    Ok(spectra)
}
