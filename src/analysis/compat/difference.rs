//! Compares the first half of a frame with the samples one period later, as librosa 0.10 does.

use crate::Result;
use crate::analysis::fourier::{Forward, Inverse};
use crate::analysis::frame::copy_padded;
use crate::analysis::pitch::YinSettings;
use crate::analysis::pitch::difference::{Comparison, Difference, NEGLIGIBLE};
use realfft::num_complex::Complex64;

/// Compares the first half of each frame with as many samples one period later.
#[derive(Clone)]
pub(super) struct HalfFrame {
    settings: YinSettings,
    frame: Vec<f32>,
    forward: Forward,
    spectrum: Vec<Complex64>,
    inverse: Inverse,
    cumulated_energy: Vec<f32>,
    difference: Difference,
}

impl Comparison for HalfFrame {
    fn new(settings: YinSettings) -> Result<Self> {
        settings.check()?;
        let n = settings.frame_length;
        let forward = Forward::new(n);
        Ok(Self {
            settings,
            frame: vec![0.0; n],
            spectrum: forward.output.clone(),
            forward,
            inverse: Inverse::new(n),
            cumulated_energy: vec![0.0; n],
            difference: Difference::new(&settings, 1),
        })
    }

    fn settings(&self) -> &YinSettings {
        &self.settings
    }

    fn compare(&mut self, signal: &[f32], index: usize) {
        copy_padded(signal, self.settings.framing().start(index), &mut self.frame);
        self.correlate();
        self.normalise();
    }

    fn difference(&self) -> &Difference {
        &self.difference
    }
}

impl HalfFrame {
    /// Sets `inverse.output[half + τ]` to the correlation `Σ x[j] x[j + τ]`, j = 1..=half.
    fn correlate(&mut self) {
        let n = self.frame.len();
        let half = n / 2;
        for (to, &from) in self.forward.input.iter_mut().zip(&self.frame) {
            *to = f64::from(from);
        }
        self.forward.run();
        self.spectrum.copy_from_slice(&self.forward.output);
        for (to, &from) in self.forward.input.iter_mut().zip(self.frame[1..=half].iter().rev()) {
            *to = f64::from(from);
        }
        self.forward.input[half..].fill(0.0);
        self.forward.run();
        let scale = 1.0 / n as f64;
        for ((to, a), b) in
            self.inverse.input.iter_mut().zip(&self.spectrum).zip(&self.forward.output)
        {
            *to = a * b * scale;
        }
        self.inverse.run();
    }

    /// Fills the difference function: `d(τ) = Σ (x[j] - x[j + τ])²`, j = 1..=half, divided by its
    /// mean over the periods up to τ.
    fn normalise(&mut self) {
        let half = self.frame.len() / 2;
        // Energies are summed in single precision, in librosa's order: on near-silent frames the
        // rounding decides which of them count as zero.
        let mut sum = 0.0_f32;
        for (to, &x) in self.cumulated_energy.iter_mut().zip(&self.frame) {
            sum += x * x;
            *to = sum;
        }
        let energy = |lag: usize| {
            let value = self.cumulated_energy[half + lag] - self.cumulated_energy[lag];
            if f64::from(value.abs()) < NEGLIGIBLE { 0.0 } else { value }
        };
        let first = energy(0);
        let (low, high) = (self.settings.min_period(), self.settings.max_period());
        let mut cumulated = 0.0;
        for period in 1..=high {
            let mut correlation = self.inverse.output[half + period];
            if correlation.abs() < NEGLIGIBLE {
                correlation = 0.0;
            }
            let difference = f64::from(first + energy(period)) - 2.0 * correlation;
            cumulated += difference;
            if period >= low {
                let mean = cumulated / period as f64;
                self.difference.values[period - low] = difference / (mean + f64::MIN_POSITIVE);
            }
        }
    }
}
