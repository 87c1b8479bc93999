//! The highest frequency that a recording holds.

use super::heard::Heard;
use super::tones::Spectrum;
use crate::audio::Channel;
use crate::{Result, Watch};
use rayon::prelude::*;
use std::path::PathBuf;

/// Lowest limit that is looked for, Hz, and the distance from one that is tried to the next.
const LOWEST_HZ: f64 = 2500.0;
const STEP: f64 = 1.02;
/// The band below a limit, as shares of it. Instruments fall by less than 30 dB from here to what
/// lies above, filters and codecs by more.
const BELOW: [f64; 2] = [0.8, 0.92];
/// Where the bands above a limit begin, and how wide they are.
const ABOVE: f64 = 1.08;
const WIDTH: f64 = 1.1;
/// What lies above a limit is softer than what lies below by this factor of power: 30 dB.
const SOFTER: f64 = 1e-3;
/// Sound this far below the loudest band is none, as a share of power.
const FAINT: f64 = 1e-7;
/// Power that still counts below a limit, as a share of what lies there.
const STILL_THERE: f64 = 1e-2;

/// Returns the frequency in Hz above which no recording holds anything, though there is sound up to
/// it, as filters, codecs and low sample rates leave it; `None` without such a limit. Files that
/// are silent or cannot be read are passed over.
///
/// # Errors
/// [`Error::Interrupted`](crate::Error::Interrupted).
pub fn band_limit_hz(paths: &[PathBuf], channel: Channel, watch: &Watch) -> Result<Option<f64>> {
    let heard: Result<Vec<_>> =
        paths.par_iter().map(|path| Heard::of_file_if_there(path, channel, watch)).collect();
    let limits: Option<Vec<f64>> = heard?
        .into_iter()
        .flatten()
        .filter(|heard| heard.powers.iter().any(|power| *power > 0.0))
        .map(|heard| limit_hz(&heard.spectrum, f64::INFINITY))
        .collect();
    Ok(limits.and_then(|limits| limits.into_iter().reduce(f64::max)))
}

/// The limit of a spectrum, if it is at most `highest_hz`.
pub(super) fn limit_hz(spectrum: &Spectrum, highest_hz: f64) -> Option<f64> {
    let edges_hz = edges_to(spectrum.nyquist_hz());
    // The loudest band from each edge on. Nothing at all lies above half of the sample rate.
    let mut loudest = 0.0_f64;
    let mut above: Vec<f64> = edges_hz
        .iter()
        .rev()
        .map(|hz| {
            let from_hz = ABOVE * hz;
            loudest = loudest.max(spectrum.mean_power(from_hz, from_hz * WIDTH).unwrap_or(0.0));
            loudest
        })
        .collect();
    above.reverse();
    let lower = std::iter::successors(Some(LOWEST_HZ), |hz| Some(hz / STEP))
        .take_while(|hz| hz * (WIDTH - 1.0) > spectrum.bin_hz)
        .filter_map(|hz| spectrum.mean_power(hz / WIDTH, hz));
    let faint = FAINT * lower.fold(loudest, f64::max);
    let (limit_hz, below) =
        edges_hz.iter().zip(&above).take_while(|(hz, _)| **hz <= highest_hz).find_map(
            |(hz, above)| {
                let below = spectrum.mean_power(BELOW[0] * hz, BELOW[1] * hz)?;
                (below > faint && *above < SOFTER * below).then_some((*hz, below))
            },
        )?;
    spectrum
        .highest_hz(STILL_THERE * below, ABOVE * limit_hz)
        .filter(|limit_hz| *limit_hz <= highest_hz)
}

/// The limits that are tried, from low to high.
fn edges_to(nyquist_hz: f64) -> Vec<f64> {
    std::iter::successors(Some(LOWEST_HZ), |hz| Some(hz * STEP))
        .take_while(|hz| *hz <= nyquist_hz)
        .collect()
}
