//! The magnitude spectrum of a cycle frame.

use super::fourier::{PowerSpectrum, hann_symmetric};
use super::frame::check_size;
use super::logarithm::roots_to_log1p;
use crate::{Error, Result};
use ndarray::{ArrayRef1, ArrayView1};

/// Computes `log(1 + |rfft(frame * hann, n_fft)|)` of one frame after another.
#[derive(Clone)]
pub(crate) struct SpectrumAnalyzer {
    window: Vec<f64>,
    spectrum: PowerSpectrum,
    power: Vec<f64>,
    levels: Vec<f32>,
}

impl SpectrumAnalyzer {
    pub fn new(window_size: usize, n_fft: usize) -> Self {
        Self {
            window: hann_symmetric(window_size),
            spectrum: PowerSpectrum::new(n_fft),
            power: vec![0.0; n_fft / 2 + 1],
            levels: vec![0.0; n_fft / 2 + 1],
        }
    }

    /// Writes the lowest `out.len()` bins of the spectrum of a frame of `window_size` samples.
    pub fn log1p_magnitude<'a>(
        &mut self,
        frame: impl IntoIterator<Item = &'a f32>,
        out: &mut ArrayRef1<f32>,
    ) {
        // The rest of the input stays zero.
        for ((to, &x), w) in self.spectrum.input.iter_mut().zip(frame).zip(&self.window) {
            *to = f64::from(x) * w;
        }
        self.spectrum.run(1.0, &mut self.power);
        let levels = &mut self.levels[..out.len()];
        roots_to_log1p(&self.power, levels);
        out.assign(&ArrayView1::from(&*levels));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_and_soft_sounds_are_measured_alike() {
        let frame: Vec<f32> = (0..64).map(|i| (i as f32 * 0.7).sin()).collect();
        let mut analyzer = SpectrumAnalyzer::new(64, 128);
        let mut measure = |gain: f32| {
            let mut out = ndarray::Array1::zeros(65);
            analyzer.log1p_magnitude(&frame.iter().map(|x| gain * x).collect::<Vec<_>>(), &mut out);
            out[13]
        };
        let peak = measure(1.0).exp() - 1.0;
        assert!((measure(1e30) - peak.ln() - 1e30_f32.ln()).abs() < 1e-4);
        assert!((measure(1e-30) / (1e-30 * peak) - 1.0).abs() < 1e-5);
    }
}
