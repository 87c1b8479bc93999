//! The clock of the network's frames, in samples of the host; exact however long it runs.

use crate::{Error, Result};

/// Highest output rate, Hz, far above any in use: some hosts try what a plugin accepts.
pub const MAX_RATE_HZ: f64 = 1_536_000.0;

/// Counts frames, which last `hop_size` samples of the model's rate, in samples of the host's rate. It
/// counts in whole numbers, so that it never drifts.
#[derive(Clone, Copy, Debug)]
pub struct FrameClock {
    period: u64,
    step: u64,
    position: u64,
}

impl FrameClock {
    /// A clock for frames of `hop_size` samples at `model_rate` Hz, read at `sample_rate` Hz, which is
    /// rounded to a thousandth of a Hz.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `sample_rate` is outside 1000 .. 1536000 Hz.
    pub fn new(hop_size: usize, model_rate: u32, sample_rate: f64) -> Result<Self> {
        if !(1000.0..=MAX_RATE_HZ).contains(&sample_rate) {
            return Err(Error::parameter(format!(
                "sample_rate is {sample_rate}, wanted 1000 to {MAX_RATE_HZ} Hz"
            )));
        }
        let period = hop_size as u64 * (sample_rate * 1000.0).round() as u64;
        Ok(Self { period, step: u64::from(model_rate) * 1000, position: 0 })
    }

    /// Puts the clock at `fraction` (0 .. 1) of a frame after the frame's beginning.
    pub fn reset(&mut self, fraction: f64) {
        self.position = (fraction.clamp(0.0, 1.0) * (self.period - 1) as f64) as u64;
    }

    /// Whether a frame begins at the next sample; if so, moves on to that frame.
    ///
    /// If several frames begin within one sample, they count as one.
    pub fn tick(&mut self) -> bool {
        let due = self.position >= self.period;
        self.position %= self.period;
        due
    }

    /// Number of samples until the clock reaches position `target`; 0 if it has reached it.
    pub fn samples_until(&self, target: u64) -> usize {
        target.saturating_sub(self.position).div_ceil(self.step) as usize
    }

    /// Moves the clock on by `samples` after [`Self::tick`]. Only the first of them may begin a
    /// frame.
    pub fn advance(&mut self, samples: usize) {
        self.position += samples as u64 * self.step;
    }

    /// Moves the clock on by `samples` after [`Self::tick`], as if that were called before each of
    /// them: frames that begin within them are skipped, and one that begins right after them is
    /// still due.
    pub fn advance_over_frames(&mut self, samples: usize) {
        if samples > 0 {
            let last = self.position + (samples as u64 - 1) * self.step;
            self.position = last % self.period + self.step;
        }
    }

    /// Time since the beginning of the frame, from 0 to [`Self::period`], in the clock's own units.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Length of a frame in the clock's own units.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// How far one sample moves the clock, in the same units.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Length of a frame in host samples.
    pub fn samples_per_frame(&self) -> f64 {
        self.period as f64 / self.step as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_begin_at_the_same_samples_whether_they_are_watched_or_not() {
        for (hop_size, model_rate, sample_rate) in [
            (256, 16_000, 48_000.0),
            (512, 44_100, 44_100.0),
            (100, 44_100, 48_000.0),
            (1, 768_000, 1000.0),
        ] {
            let mut watched = FrameClock::new(hop_size, model_rate, sample_rate).unwrap();
            watched.reset(0.3);
            let mut passed = watched;
            for samples in [1, 2, 767, 768, 769, 5, 5000] {
                for _ in 0..samples {
                    watched.tick();
                    watched.advance(1);
                }
                passed.tick();
                passed.advance_over_frames(samples);
                assert_eq!(watched.position(), passed.position(), "{hop_size} {samples}");
            }
        }
    }
}
