//! The network's own clock in host samples, exact however long it runs.

use crate::{Error, Result};

/// Highest output rate: some hosts try the most outrageous ones.
pub const MAX_RATE_HZ: f64 = 1_536_000.0;

/// Counts frames of `hop_size` / model rate in samples of the host's rate, in whole numbers.
#[derive(Clone, Copy, Debug)]
pub struct FrameClock {
    period: u64,
    step: u64,
    position: u64,
}

impl FrameClock {
    /// A clock for frames of `hop_size` samples at `model_rate` Hz, ticking at `sample_rate` Hz (told apart
    /// to a thousandth).
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

    /// Starts anew, `fraction` (0..1) of a frame in.
    pub fn restart(&mut self, fraction: f64) {
        self.position = (fraction.clamp(0.0, 1.0) * (self.period - 1) as f64) as u64;
    }

    /// Whether a frame is due before the next sample; if so it is counted off.
    pub fn tick(&mut self) -> bool {
        let due = self.position >= self.period;
        // More than one where nobody was listening.
        self.position %= self.period;
        due
    }

    /// How many samples can be taken until the clock has gone `target` of the frame (0..=1), at least 1
    /// unless it is there already.
    pub fn samples_until(&self, target: u64) -> usize {
        target.saturating_sub(self.position).div_ceil(self.step) as usize
    }

    /// Lets samples pass.
    pub fn advance(&mut self, samples: usize) {
        self.position += samples as u64 * self.step;
    }

    /// Where in the frame the clock stands, in units of [`Self::period`].
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Length of a frame in the clock's units.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// How far one sample moves the clock.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Length of a frame in host samples.
    pub fn samples_per_frame(&self) -> f64 {
        self.period as f64 / self.step as f64
    }
}
