//! YIN's cumulative mean normalised difference function: how much a frame differs from itself one
//! period later, for every period that is searched.
//!
//! A. de Cheveigné, H. Kawahara: "YIN, a fundamental frequency estimator for speech and music",
//! JASA 111 (2002).

mod whole_frame;

pub(crate) use whole_frame::WholeFrame;

use super::settings::YinSettings;
use crate::Result;
use crate::Watch;
use rayon::prelude::*;
use std::ops::Range;

/// Correlations and energies below this are treated as zero.
pub(crate) const NEGLIGIBLE: f64 = 1e-6;

/// The normalised difference of a frame with itself, period by period.
#[derive(Clone)]
pub(crate) struct Difference {
    /// The shortest period, samples.
    min_period: usize,
    /// Number of periods per sample.
    steps: usize,
    /// The difference at every period from the shortest to the longest.
    pub values: Vec<f64>,
    /// Offset of each period's parabola from the period itself, steps.
    shifts: Vec<f64>,
}

impl Difference {
    /// Makes room for all periods in the range of `settings`, `steps` per sample.
    pub fn new(settings: &YinSettings, steps: usize) -> Self {
        let periods = (settings.max_period() - settings.min_period()) * steps + 1;
        Self {
            min_period: settings.min_period(),
            steps,
            values: vec![0.0; periods],
            shifts: vec![0.0; periods],
        }
    }

    /// Refines every period by the parabola through its value and its neighbours' values.
    ///
    /// Call it after all of `values` are set.
    pub fn refine_periods(&mut self) {
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
        self.min_period as f64 + (at as f64 + self.shifts[at]) / self.steps as f64
    }

    /// Whether `values[at]` is a local minimum.
    pub fn is_trough(&self, at: usize) -> bool {
        let values = &self.values;
        let after = |at: usize| values.get(at + 1).is_none_or(|next| values[at] <= *next);
        if at == 0 { values[0] < values[1] } else { values[at] < values[at - 1] && after(at) }
    }

    /// Indices of all local minima.
    pub fn troughs(&self) -> impl Iterator<Item = usize> {
        (0..self.values.len()).filter(|&at| self.is_trough(at))
    }

    /// Index of the smallest value, the first of equal ones.
    pub fn minimum(&self) -> usize {
        let mut best = 0;
        for (at, value) in self.values.iter().enumerate() {
            if *value < self.values[best] {
                best = at;
            }
        }
        best
    }
}

/// A way of comparing a frame with itself. Each thread needs a clone of its own.
pub(crate) trait Comparison: Clone + Send + Sync {
    /// Prepares the comparison of frames with these settings.
    ///
    /// # Errors
    /// The same as [`YinSettings::check`].
    fn new(settings: YinSettings) -> Result<Self>;

    /// The settings that it was made with.
    fn settings(&self) -> &YinSettings;

    /// Compares frame `index` of `signal` with itself and keeps the result for
    /// [`Self::difference`].
    fn compare(&mut self, signal: &[f32], index: usize);

    /// The difference function of the frame that was compared last.
    fn difference(&self) -> &Difference;

    /// Number of frames of a signal with this many samples.
    fn frames(&self, samples: usize) -> usize {
        self.settings().framing().count(samples)
    }
}

/// Compares each of `frames` of `signal` with itself, in parallel, and collects what `observe` makes
/// of it.
///
/// # Errors
/// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(crate) fn for_each_frame<C: Comparison, T: Send>(
    signal: &[f32],
    comparison: &C,
    frames: Range<usize>,
    watch: &Watch,
    observe: impl Fn(&C) -> T + Sync,
) -> Result<Vec<T>> {
    frames
        .into_par_iter()
        .with_min_len(16)
        .map_init(
            || comparison.clone(),
            |comparison, index| {
                watch.check()?;
                comparison.compare(signal, index);
                Ok(observe(comparison))
            },
        )
        .collect()
}
