//! YIN's cumulative mean normalised difference function: how much a frame differs from itself one
//! period later, for every period that is searched.
//!
//! A. de Cheveigné, H. Kawahara: "YIN, a fundamental frequency estimator for speech and music",
//! JASA 111 (2002).

mod half_lags;
mod whole_frame;

pub(crate) use whole_frame::WholeFrame;

use super::settings::YinSettings;
use crate::Result;
use crate::Watch;
use crate::analysis::sums::least;
use multiversion::multiversion;
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
}

impl Difference {
    /// Makes room for all periods in the range of `settings`, `steps` per sample.
    pub fn new(settings: &YinSettings, steps: usize) -> Self {
        let periods = (settings.max_period() - settings.min_period()) * steps + 1;
        Self { min_period: settings.min_period(), steps, values: vec![0.0; periods] }
    }

    /// The period at index `at` of `values` in samples, refined by the parabola through its value
    /// and its neighbours' values.
    pub fn period(&self, at: usize) -> f64 {
        self.min_period as f64 + (at as f64 + self.shift(at)) / self.steps as f64
    }

    /// Offset of the parabola's vertex from `at`, steps.
    fn shift(&self, at: usize) -> f64 {
        let Some([before, here, after]) =
            at.checked_sub(1).and_then(|first| self.values[first..].first_chunk())
        else {
            return 0.0;
        };
        let curvature = after + before - 2.0 * here;
        let slope = (after - before) / 2.0;
        // A parabola whose vertex lies beyond the neighbours says nothing about this period.
        if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature }
    }

    /// Whether `values[at]` is a local minimum.
    pub fn is_trough(&self, at: usize) -> bool {
        let values = &self.values;
        let after = |at: usize| values.get(at + 1).is_none_or(|next| values[at] <= *next);
        if at == 0 { values[0] < values[1] } else { values[at] < values[at - 1] && after(at) }
    }

    /// Indices of all local minima.
    pub fn troughs(&self) -> Vec<usize> {
        let last = self.values.len() - 1;
        let mut found = Vec::new();
        found.extend(self.is_trough(0).then_some(0));
        inner_troughs(&self.values, &mut found);
        found.extend((last > 0 && self.is_trough(last)).then_some(last));
        found
    }

    /// Index of the smallest value, the first of equal ones.
    pub fn minimum(&self) -> usize {
        let smallest = least(&self.values);
        self.values.iter().position(|&value| value == smallest).unwrap_or(0)
    }
}

/// Appends the indices of all local minima but the first and the last value.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
fn inner_troughs(values: &[f64], found: &mut Vec<usize>) {
    const BLOCK: usize = 64;
    let inner = values.len().saturating_sub(2);
    let mut flags = [0_u8; BLOCK];
    for first in (0..inner).step_by(BLOCK) {
        let count = BLOCK.min(inner - first);
        let before = &values[first..][..count];
        let here = &values[first + 1..][..count];
        let after = &values[first + 2..][..count];
        for (((flag, before), here), after) in flags.iter_mut().zip(before).zip(here).zip(after) {
            *flag = u8::from(here < before) & u8::from(here <= after);
        }
        // There are few of them: whole words without any are skipped.
        let (words, _) = flags.as_chunks::<8>();
        for (word, bytes) in words.iter().enumerate() {
            if u64::from_ne_bytes(*bytes) != 0 {
                let set = (8 * word..count.min(8 * word + 8)).filter(|&at| flags[at] != 0);
                found.extend(set.map(|at| first + 1 + at));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troughs_are_found_wherever_they_are() {
        for length in [2, 3, 9, 64, 66, 67, 300] {
            let value = |i: usize| ((i * i * 7919) % 13) as f64;
            let values: Vec<f64> = (0..length).map(value).collect();
            let difference = Difference { min_period: 3, steps: 1, values };
            let plain: Vec<usize> = (0..length).filter(|&at| difference.is_trough(at)).collect();
            assert_eq!(difference.troughs(), plain, "{length} values");
            let lowest = difference.values[difference.minimum()];
            assert!(difference.values.iter().all(|value| lowest <= *value));
        }
    }
}
