//! Settings of YIN and pYIN.

use crate::analysis::frame::{Framing, check_size};
use crate::{Error, Result};

/// Largest ratio of the highest to the lowest fundamental.
const MAX_RANGE: f64 = (1 << 20) as f64;

/// The range of fundamental frequencies that YIN and pYIN search, and the frames they search it in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YinSettings {
    /// Lowest fundamental frequency searched, Hz.
    pub fmin_hz: f64,
    /// Highest fundamental frequency searched, Hz.
    pub fmax_hz: f64,
    /// Rate of the signal, Hz.
    pub sample_rate: f64,
    /// Length of a frame in samples.
    pub frame_length: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
}

impl YinSettings {
    /// Checks that a period can be found with these settings.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the argument, its value and what is wanted.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::Parameter(message));
        if !(self.sample_rate.is_finite() && self.sample_rate > 0.0) {
            return wrong(format!("sr is {}, wanted a positive rate in Hz", self.sample_rate));
        }
        if !(self.fmin_hz > 0.0 && self.fmin_hz < self.fmax_hz) {
            return wrong(format!(
                "fmin is {} Hz and fmax {} Hz, wanted 0 < fmin < fmax",
                self.fmin_hz, self.fmax_hz
            ));
        }
        if self.fmax_hz > self.sample_rate / 2.0 {
            return wrong(format!(
                "fmax is {} Hz, wanted at most half of sr, {} Hz",
                self.fmax_hz,
                self.sample_rate / 2.0
            ));
        }
        if self.fmax_hz / self.fmin_hz > MAX_RANGE {
            return wrong(format!(
                "fmin is {} Hz, wanted at most 20 octaves below fmax, {} Hz",
                self.fmin_hz, self.fmax_hz
            ));
        }
        check_size("hop_length", self.hop_length)?;
        check_size("frame_length", self.frame_length)?;
        let shortest = self.min_period();
        if (self.sample_rate / self.fmin_hz).ceil() < shortest as f64 + 2.0 {
            return wrong(format!(
                "fmin is {} Hz and fmax {} Hz: less than two samples between their periods at {} Hz",
                self.fmin_hz, self.fmax_hz, self.sample_rate
            ));
        }
        if self.frame_length < 4 || self.max_period() < shortest.saturating_add(2) {
            return wrong(format!(
                "frame_length is {}, too short for periods of {} samples (fmax {} Hz at {} Hz)",
                self.frame_length,
                self.min_period(),
                self.fmax_hz,
                self.sample_rate
            ));
        }
        Ok(())
    }

    /// Shortest period searched, samples.
    pub(crate) fn min_period(&self) -> usize {
        (self.sample_rate / self.fmax_hz).floor() as usize
    }

    /// Longest period searched, samples.
    pub(crate) fn max_period(&self) -> usize {
        let half = self.frame_length / 2;
        let longest = (self.frame_length - half).saturating_sub(1);
        ((self.sample_rate / self.fmin_hz).ceil() as usize).min(longest)
    }

    /// Length and spacing of the frames.
    pub(crate) fn framing(&self) -> Framing {
        Framing { window_size: self.frame_length, hop_size: self.hop_length }
    }
}
