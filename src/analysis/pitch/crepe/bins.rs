//! The network's pitch bins.

use super::BINS;
use crate::{Error, Result};
use std::ops::Range;

/// Centre of a bin in cents above 10 Hz.
#[allow(clippy::unreadable_literal, clippy::excessive_precision)] // CREPE's own figure
pub(crate) fn bin_cents(bin: usize) -> f64 {
    20.0 * bin as f64 + 1997.3794084376191
}

/// Frequency in Hz of a pitch in cents above 10 Hz.
pub(crate) fn cents_to_hz(cents: f64) -> f64 {
    10.0 * (cents / 1200.0).exp2()
}

/// Centre of a bin in Hz, from 31.7 Hz for bin 0 to 2005.5 Hz for bin 359.
pub fn bin_to_hz(bin: usize) -> f64 {
    cents_to_hz(bin_cents(bin))
}

/// The (fractional) bin of a frequency in Hz.
pub(super) fn hz_to_bin(hz: f64) -> f64 {
    (1200.0 * (hz / 10.0).log2() - bin_cents(0)) / 20.0
}

/// The pitch bins from `fmin` to `fmax` (Hz), with the same rounding as in torchcrepe.
///
/// # Errors
/// [`Error::Parameter`] if the frequencies are not finite, positive and ascending, or no bin lies
/// between them.
pub fn bins_between(fmin: f64, fmax: f64) -> Result<Range<usize>> {
    if !(fmin.is_finite() && fmax.is_finite() && 0.0 < fmin && fmin < fmax) {
        return Err(Error::parameter(format!(
            "CREPE: fmin is {fmin} Hz and fmax {fmax} Hz, wanted 0 < fmin < fmax"
        )));
    }
    let first = hz_to_bin(fmin).floor().max(0.0) as usize;
    let end = (hz_to_bin(fmax).ceil().max(0.0) as usize).min(BINS);
    if first >= end {
        return Err(Error::parameter(format!(
            "CREPE: nothing of {fmin} to {fmax} Hz lies within its {:.1} to {:.1} Hz",
            bin_to_hz(0),
            bin_to_hz(BINS - 1)
        )));
    }
    Ok(first..end)
}
