//! Mel-frequency cepstral coefficients as both versions of `wms_torch` take them from librosa.

use super::Version;
use super::cycles::cutter;
use crate::Result;
use crate::analysis::fourier::hann_periodic;
use crate::analysis::mel::{MelAnalyzer, SegmentInput};
use crate::analysis::stages;
use crate::analysis::{CycleSettings, MfccSettings};
use crate::params::LIBROSA_BANDS;
use ndarray::{Array2, ArrayRef, Dimension};

/// Floor of the power before `librosa.power_to_db` takes its logarithm.
const POWER_FLOOR: f64 = 1e-10;
/// Range below the loudest value that `librosa.power_to_db` keeps, dB.
const TOP_DB: f64 = 80.0;

/// The input of `main`: librosa's centred frame, which holds zeros in its first half and the
/// beginning of the repeated segment in its second.
#[derive(Clone)]
pub(super) struct CentredFrame {
    /// The second half of librosa's window over the transform.
    window: Vec<f64>,
}

impl CentredFrame {
    pub fn new(n_fft: usize) -> Self {
        Self { window: hann_periodic(n_fft).split_off(n_fft / 2) }
    }
}

impl SegmentInput for CentredFrame {
    const POWER_FLOOR: f64 = POWER_FLOOR;

    fn load(&self, segment: &[f32], window: &[f64], input: &mut [f64]) {
        let lead = input.len() / 2;
        let half = &mut input[lead..];
        repeat(segment, window, half);
        for (x, w) in half.iter_mut().zip(&self.window) {
            *x *= w;
        }
    }

    fn power_scale(_: usize, _: usize) -> f64 {
        1.0
    }
}

/// The input of `dev`: the segment repeated until the transform is full.
#[derive(Clone, Copy)]
pub(super) struct RepeatedSegment;

impl SegmentInput for RepeatedSegment {
    const POWER_FLOOR: f64 = POWER_FLOOR;

    fn load(&self, segment: &[f32], window: &[f64], input: &mut [f64]) {
        repeat(segment, window, input);
    }

    fn power_scale(_: usize, _: usize) -> f64 {
        1.0
    }
}

/// Fills `out` with the windowed segment, over and over.
fn repeat(segment: &[f32], window: &[f64], out: &mut [f64]) {
    for out in out.chunks_mut(segment.len()) {
        for ((x, &sample), w) in out.iter_mut().zip(segment).zip(window) {
            *x = f64::from(sample) * w;
        }
    }
}

/// Raises all levels to at least 80 dB below the loudest of them.
pub(super) fn limit_range<D: Dimension>(levels_db: &mut ArrayRef<f64, D>) {
    let loudest = levels_db.iter().copied().fold(f64::MIN, f64::max);
    levels_db.mapv_inplace(|level| level.max(loudest - TOP_DB));
}

impl Version {
    /// The settings that this version of `wms_torch` really computes with.
    ///
    /// # Errors
    /// The same as [`MfccSettings::check`].
    pub(super) fn mfcc_settings(self, settings: MfccSettings) -> Result<MfccSettings> {
        settings.check_bands()?;
        let n_mel = if self == Self::Main { LIBROSA_BANDS } else { settings.n_mel };
        let settings = MfccSettings { n_mel, ..settings };
        settings.check()?;
        Ok(settings)
    }
}

/// Mel-frequency cepstral coefficients as `version` of `wms_torch` computes them.
///
/// `f0_hz` holds the fundamental frequency of each of `T` frames. Returns the coefficients, not
/// standardised, shape `(T, n_mfcc)`.
///
/// # Errors
/// The same as [`analysis::segment_mfcc`](crate::analysis::segment_mfcc).
pub fn segment_mfcc(
    signal: &[f32],
    f0_hz: &[f32],
    cycles: &CycleSettings,
    settings: &MfccSettings,
    version: Version,
) -> Result<Array2<f32>> {
    cycles.check()?;
    let settings = version.mfcc_settings(*settings)?;
    cycles.check_f0(f0_hz)?;
    let cutter = cutter(*cycles);
    Ok(match version {
        Version::Main => {
            let mel = MelAnalyzer::new(settings, CentredFrame::new(settings.n_fft));
            let mut levels_db = stages::band_levels(signal, f0_hz, &cutter, &mel);
            for mut frame in levels_db.rows_mut() {
                limit_range(&mut frame);
            }
            mel.cepstra(&levels_db)
        }
        Version::Dev => {
            let mel = MelAnalyzer::new(settings, RepeatedSegment);
            let mut levels_db = stages::band_levels(signal, f0_hz, &cutter, &mel);
            limit_range(&mut levels_db);
            mel.cepstra(&levels_db)
        }
    })
}
