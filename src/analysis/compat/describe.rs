//! Coefficients and spectra of frames whose pitch is known, as `wms_torch` computes them.

use super::Version;
use super::cycles::cutter;
use super::mfcc::{CentredFrame, RepeatedSegment, limit_range};
use crate::analysis::describe::Describer;
use crate::params::AnalysisParams;
use crate::{Result, Watch};
use ndarray::{Array2, ArrayView1, ArrayViewMut1};

/// Coefficients `(T, n_mfcc)` and spectra `(T, n_bins)` of the `T` frames of `signal`, given their
/// fundamentals.
pub(super) fn describe(
    signal: &[f32],
    f0_hz: &[f32],
    params: &AnalysisParams,
    version: Version,
    watch: &Watch,
) -> Result<(Array2<f32>, Array2<f32>)> {
    let settings = version.mfcc_settings(params.mfcc_settings())?;
    let (cutter, n_mfcc) = (cutter(params.cycle_settings()), settings.n_mfcc);
    match version {
        Version::Main => {
            let input = CentredFrame::new(settings.n_fft);
            let describer = Describer::new(cutter, settings, input, params)?;
            describer.describe(signal, 0, f0_hz, n_mfcc, watch, |mel, row| {
                limit_range(&mut ArrayViewMut1::from(&mut mel.levels_db));
                mel.cepstrum(row);
            })
        }
        Version::Dev => {
            let describer = Describer::new(cutter, settings, RepeatedSegment, params)?;
            let (mut levels_db, spectra) =
                describer.describe(signal, 0, f0_hz, settings.n_mel, watch, |mel, row| {
                    row.assign(&ArrayView1::from(&mel.levels_db));
                })?;
            // Levels are limited relative to the loudest of all frames, so coefficients come last.
            limit_range(&mut levels_db);
            Ok((describer.mel.cepstra(&levels_db), spectra))
        }
    }
}
