//! YIN's cumulative mean normalised difference, as `librosa` 0.10 computes it.
//!
//! A. de Cheveigné, H. Kawahara: "YIN, a fundamental frequency estimator for speech and music",
//! JASA 111 (2002).

mod whole;

use crate::Watch;
use crate::analysis::fourier::{Forward, Inverse};
use crate::analysis::frame::{Framing, check_size, copy_padded};
use crate::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Below this, `librosa` calls a correlation or an energy zero.
const NEGLIGIBLE: f64 = 1e-6;

/// Largest ratio of the highest to the lowest fundamental.
const MAX_RANGE: f64 = (1 << 20) as f64;

/// What YIN and pYIN search, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YinSettings {
    /// Lowest fundamental, Hz.
    pub fmin_hz: f64,
    /// Highest fundamental, Hz.
    pub fmax_hz: f64,
    /// Rate of the signal, Hz.
    pub sample_rate: f64,
    /// Samples of a frame; half of them are compared with the shifted other half.
    pub frame_length: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
}

impl YinSettings {
    /// Refuses settings that no period can be found with.
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

    pub(crate) fn framing(&self) -> Framing {
        Framing { window_size: self.frame_length, hop_size: self.hop_length }
    }
}

/// What `observe` makes of the difference function of each of the `frames` of `signal`, in parallel.
///
/// # Errors
/// [`Error::Interrupted`] if `watch` was stopped.
pub(crate) fn for_each_frame<T: Send>(
    signal: &[f32],
    difference: &Difference,
    frames: Range<usize>,
    watch: &Watch,
    observe: impl Fn(&Difference) -> T + Sync,
) -> Result<Vec<T>> {
    frames
        .into_par_iter()
        .with_min_len(16)
        .map_init(
            || difference.clone(),
            |difference, index| {
                watch.check()?;
                difference.compute(signal, index);
                Ok(observe(difference))
            },
        )
        .collect()
}

/// Computes the difference function of one frame after another.
///
/// librosa compares the first half of a frame with what comes a period later. The whole frame,
/// compared with itself, is this project's way, see [`whole`].
#[derive(Clone)]
pub(crate) struct Difference {
    settings: YinSettings,
    whole: bool,
    frame: Vec<f32>,
    forward: Forward,
    spectrum: Vec<realfft::num_complex::Complex64>,
    inverse: Inverse,
    cumulated_energy: Vec<f32>,
    /// The normalised difference at the periods `min_period..=max_period`, of which there are
    /// `steps` a sample.
    pub values: Vec<f64>,
    /// Offset of each period's parabola from the period itself, steps.
    pub shifts: Vec<f64>,
    /// Whether the frame's sound is there in its middle, 0 to 1; of whole frames only.
    pub presence: f64,
    steps: usize,
}

impl Difference {
    /// # Errors
    /// [`Error::Parameter`] as [`YinSettings::check`].
    pub fn new(settings: YinSettings, whole: bool) -> Result<Self> {
        settings.check()?;
        let n = if whole { whole::transform_length(&settings) } else { settings.frame_length };
        let steps = if whole { whole::STEPS } else { 1 };
        let periods = (settings.max_period() - settings.min_period()) * steps + 1;
        let forward = Forward::new(n);
        Ok(Self {
            settings,
            whole,
            frame: vec![0.0; settings.frame_length],
            spectrum: forward.output.clone(),
            forward,
            inverse: Inverse::new(n * steps),
            cumulated_energy: vec![0.0; n],
            values: vec![0.0; periods],
            shifts: vec![0.0; periods],
            presence: 1.0,
            steps,
        })
    }

    /// Number of frames of a signal.
    pub fn frames(&self, samples: usize) -> usize {
        self.settings.framing().count(samples)
    }

    /// Fills `values` and `shifts` for frame `index` of `signal`.
    pub fn compute(&mut self, signal: &[f32], index: usize) {
        copy_padded(signal, self.settings.framing().start(index), &mut self.frame);
        if self.whole {
            self.compare_whole();
        } else {
            self.correlate();
            self.normalise();
        }
        self.interpolate();
    }

    /// Leaves Σ x\[j\] x\[j + τ\], j = 1..=half, at `inverse.output[half + τ]`.
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

    fn normalise(&mut self) {
        let half = self.frame.len() / 2;
        // Energies are summed in single precision, in librosa's order: on near-silent frames the
        // threshold below acts on the rounding.
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
                self.values[period - low] = difference / (mean + f64::MIN_POSITIVE);
            }
        }
    }

    fn interpolate(&mut self) {
        self.shifts.fill(0.0);
        for (shift, x) in self.shifts[1..].iter_mut().zip(self.values.windows(3)) {
            let curvature = x[2] + x[0] - 2.0 * x[1];
            let slope = (x[2] - x[0]) / 2.0;
            // A parabola whose vertex lies beyond the neighbours says nothing about this period.
            *shift = if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature };
        }
    }

    /// The refined period at index `at` of `values`, samples.
    pub fn period(&self, at: usize) -> f64 {
        self.settings.min_period() as f64 + (at as f64 + self.shifts[at]) / self.steps as f64
    }

    /// Whether `values[at]` is a local minimum.
    pub fn is_trough(&self, at: usize) -> bool {
        let values = &self.values;
        let after = |at: usize| values.get(at + 1).is_none_or(|next| values[at] <= *next);
        if at == 0 { values[0] < values[1] } else { values[at] < values[at - 1] && after(at) }
    }
}
