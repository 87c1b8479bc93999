//! The magnitude spectrum of a cycle frame.

use super::fourier::{Forward, hann_symmetric};
use super::frame::check_size;
use crate::{Error, Result};
use ndarray::ArrayRef1;

/// Computes `log(1 + |rfft(frame * hann, n_fft)|)` of one frame after another.
#[derive(Clone)]
pub(crate) struct SpectrumAnalyzer {
    window: Vec<f64>,
    forward: Forward,
}

impl SpectrumAnalyzer {
    pub fn new(window_size: usize, n_fft: usize) -> Self {
        Self { window: hann_symmetric(window_size), forward: Forward::new(n_fft) }
    }

    /// Writes the lowest `out.len()` bins of the spectrum of a frame of `window_size` samples.
    pub fn log1p_magnitude<'a>(
        &mut self,
        frame: impl IntoIterator<Item = &'a f32>,
        out: &mut ArrayRef1<f32>,
    ) {
        let (head, tail) = self.forward.input.split_at_mut(self.window.len());
        for ((to, &x), w) in head.iter_mut().zip(frame).zip(&self.window) {
            *to = f64::from(x) * w;
        }
        tail.fill(0.0);
        self.forward.run();
        for (to, bin) in out.iter_mut().zip(&self.forward.output) {
            *to = bin.norm_sqr().sqrt().ln_1p() as f32;
        }
    }
}

/// Checks that a spectrum can be computed with these sizes.
///
/// # Errors
/// [`Error::Parameter`] names the argument, its value and what is wanted.
pub(crate) fn check_sizes(window_size: usize, n_fft: usize, n_bins: usize) -> Result<()> {
    check_size("n_fft", n_fft)?;
    if window_size == 0 || n_fft < window_size {
        return Err(Error::Parameter(format!(
            "n_fft is {n_fft}, wanted at least the frames' length, {window_size}, which is at least 1"
        )));
    }
    if n_bins == 0 || n_bins > n_fft / 2 + 1 {
        return Err(Error::Parameter(format!(
            "n_bins is {n_bins}, wanted 1 to n_fft / 2 + 1 = {}",
            n_fft / 2 + 1
        )));
    }
    Ok(())
}
