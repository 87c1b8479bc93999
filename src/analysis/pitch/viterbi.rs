//! The Viterbi decoder of pYIN: pitch bins in a voiced and an unvoiced plane.
//!
//! Transitions are a triangular band around the same bin times a rare switch of plane, so a step
//! costs `bins * band`, not `bins²`. The result is that of `librosa.sequence.viterbi` on the dense
//! matrix, where every "impossible" transition or observation has the smallest positive number as
//! its probability.

use super::numpy_order::pairwise_sum;
use crate::Result;
use crate::analysis::Watch;
use multiversion::multiversion;

/// Probability of staying voiced or unvoiced. (The rest is 0.01 but for rounding, which librosa's
/// decoder sees when it breaks ties.)
const STAY_PROBABILITY: f64 = 1.0 - 0.01;
/// Frames between two kept lattice columns: decoding goes back through one such run at a time, so
/// memory does not grow by a whole column for each frame.
const RUN: usize = 1024;
/// Target states that are worked on together.
const LANES: usize = 8;

/// What one frame shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Observation {
    /// Pitch bins with their probabilities, in any order, each bin once.
    pub bins: Vec<(u32, f64)>,
    /// Their sum, at most 1.
    pub voiced_probability: f64,
}

/// The states and transitions. State `b` is bin `b` voiced, `bins + b` the same unvoiced.
///
/// A column of the lattice holds the log probabilities of all states, each plane with a margin of
/// impossible states on both sides so that the band needs no edge cases.
pub(crate) struct Lattice {
    bins: usize,
    reach: usize,
    /// Values of a plane with its margins.
    stride: usize,
    /// `log_stay[distance * stride + margin + bin]`: log probability of going from `bin` to a bin
    /// `distance` away in the same plane.
    log_stay: Vec<f64>,
    /// The same to the other plane.
    log_switch: Vec<f64>,
    /// Whether every column is relative to its best state. Of paths that are equally good rounding
    /// decides: of such sums, that of the last few frames, else that of all frames before.
    relative: bool,
}

fn log_floor() -> f64 {
    f64::MIN_POSITIVE.ln()
}

impl Lattice {
    /// A lattice of `bins` pitch bins where a step of up to `reach` bins is possible.
    pub fn new(bins: usize, reach: usize) -> Self {
        let weight = |distance: usize| (reach + 1 - distance) as f64 / (reach + 1) as f64;
        // Long hops reach further than there are bins.
        let reach = reach.min(bins.saturating_sub(1));
        let stride = (bins + 2 * reach).next_multiple_of(LANES) + LANES;
        let mut log_stay = vec![f64::NEG_INFINITY; (reach + 1) * stride];
        let mut log_switch = log_stay.clone();
        let mut row = vec![0.0; bins];
        for bin in 0..bins {
            row.fill(0.0);
            let low = bin.saturating_sub(reach);
            for (to, value) in row.iter_mut().enumerate().take(bin + reach + 1).skip(low) {
                *value = weight(to.abs_diff(bin));
            }
            let sum = pairwise_sum(&row);
            for distance in 0..=reach {
                let local = weight(distance) / sum;
                let log = |share: f64| (share * local + f64::MIN_POSITIVE).ln();
                log_stay[distance * stride + reach + bin] = log(STAY_PROBABILITY);
                log_switch[distance * stride + reach + bin] = log(1.0 - STAY_PROBABILITY);
            }
        }
        Self { bins, reach, stride, log_stay, log_switch, relative: false }
    }

    /// The same, of which a part of a recording gives what the whole gives.
    pub fn relative(self) -> Self {
        Self { relative: true, ..self }
    }

    /// The most probable sequence of states.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
    pub fn decode(&self, observations: &[Observation], watch: &Watch) -> Result<Vec<u32>> {
        let Some(first) = observations.first() else {
            return Ok(Vec::new());
        };
        let mut column = self.start(first);
        let mut scratch = column.clone();
        let mut checkpoints = vec![column.clone()];
        let runs: Vec<std::ops::Range<usize>> = (1..observations.len())
            .step_by(RUN)
            .map(|from| from..(from + RUN).min(observations.len()))
            .collect();
        // Forward once, keeping one column a run; the last run's columns are needed at once.
        for run in runs.iter().take(runs.len().saturating_sub(1)) {
            watch.check()?;
            for observation in &observations[run.clone()] {
                self.advance(&column, &mut scratch, observation);
                std::mem::swap(&mut column, &mut scratch);
            }
            checkpoints.push(column.clone());
        }
        let mut states = vec![0; observations.len()];
        let mut end: Option<usize> = None;
        for (run, checkpoint) in runs.iter().zip(&checkpoints).rev() {
            watch.check()?;
            let mut columns = vec![checkpoint.clone()];
            for observation in &observations[run.clone()] {
                let mut next = checkpoint.clone();
                self.advance(&columns[columns.len() - 1], &mut next, observation);
                columns.push(next);
            }
            let mut state = end.unwrap_or_else(|| self.best(&columns[columns.len() - 1]).0);
            for (column, at) in columns.iter().zip(run.clone()).rev() {
                states[at] = state as u32;
                state = self.predecessor(column, state);
            }
            end = Some(state);
        }
        states[0] = end.unwrap_or_else(|| self.best(&checkpoints[0]).0) as u32;
        Ok(states)
    }

    /// Where the states of a plane (0 voiced, 1 unvoiced) lie in a column.
    fn plane(&self, plane: usize) -> std::ops::Range<usize> {
        let first = plane * self.stride + self.reach;
        first..first + self.bins
    }

    /// Log probabilities before the first step: every unvoiced state is as likely.
    fn start(&self, observation: &Observation) -> Vec<f64> {
        let mut column = vec![f64::NEG_INFINITY; 2 * self.stride];
        column[self.plane(0)].fill(log_floor());
        column[self.plane(1)].fill((1.0 / self.bins as f64 + f64::MIN_POSITIVE).ln());
        self.observe(&mut column, observation);
        column
    }

    /// Adds the logarithm of the observation's probabilities.
    fn observe(&self, column: &mut [f64], observation: &Observation) {
        let voiced = &mut column[self.plane(0)];
        let seen: Vec<(usize, f64)> = observation
            .bins
            .iter()
            .map(|&(bin, p)| (bin as usize, voiced[bin as usize] + (p + f64::MIN_POSITIVE).ln()))
            .collect();
        let floor = log_floor();
        voiced.iter_mut().for_each(|value| *value += floor);
        for (bin, value) in seen {
            voiced[bin] = value;
        }
        let share = (1.0 - observation.voiced_probability) / self.bins as f64;
        let log_share = (share + f64::MIN_POSITIVE).ln();
        column[self.plane(1)].iter_mut().for_each(|value| *value += log_share);
    }

    /// One step forward.
    fn advance(&self, from: &[f64], to: &mut [f64], observation: &Observation) {
        let best = self.best(from).1;
        let level = if self.relative { best } else { 0.0 };
        let anywhere = best - level + log_floor();
        let (from_voiced, from_unvoiced) = from.split_at(self.stride);
        let bands = (self.log_stay.as_slice(), self.log_switch.as_slice());
        for bin in (0..self.bins).step_by(LANES) {
            let (v_stay, v_switch) = spread(from_voiced, bands, self.reach, self.stride, bin);
            let (u_stay, u_switch) = spread(from_unvoiced, bands, self.reach, self.stride, bin);
            let lanes = (self.bins - bin).min(LANES);
            for lane in 0..lanes {
                let at = self.reach + bin + lane;
                to[at] = (v_stay[lane].max(u_switch[lane]) - level).max(anywhere);
                to[self.stride + at] = (u_stay[lane].max(v_switch[lane]) - level).max(anywhere);
            }
        }
        self.observe(to, observation);
    }

    /// The state before `state`, given the log probabilities `column` of that time; the lowest
    /// where several are as good.
    fn predecessor(&self, column: &[f64], state: usize) -> usize {
        let (plane, bin) = (state / self.bins, state % self.bins);
        let (anywhere, value) = self.best(column);
        let mut best = (value + log_floor(), anywhere);
        let low = bin.saturating_sub(self.reach);
        let high = (bin + self.reach).min(self.bins - 1);
        for source_plane in 0..2 {
            let logs = if source_plane == plane { &self.log_stay } else { &self.log_switch };
            let values = &column[self.plane(source_plane)];
            for (source, value) in (low..=high).zip(&values[low..=high]) {
                let candidate = source_plane * self.bins + source;
                let value = value + logs[source.abs_diff(bin) * self.stride + self.reach + source];
                if value > best.0 || (value >= best.0 && candidate < best.1) {
                    best = (value, candidate);
                }
            }
        }
        best.1
    }

    /// The first most probable state of a column, and its log probability.
    fn best(&self, column: &[f64]) -> (usize, f64) {
        let mut best = (0, f64::NEG_INFINITY);
        for plane in 0..2 {
            for (bin, &value) in column[self.plane(plane)].iter().enumerate() {
                if value > best.1 {
                    best = (plane * self.bins + bin, value);
                }
            }
        }
        best
    }
}

/// The best log probabilities of reaching the `LANES` bins from `bin` on out of one plane: within
/// the plane and across.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2", "aarch64+neon"))]
fn spread(
    plane: &[f64],
    (log_stay, log_switch): (&[f64], &[f64]),
    reach: usize,
    stride: usize,
    bin: usize,
) -> ([f64; LANES], [f64; LANES]) {
    let mut stay = [f64::NEG_INFINITY; LANES];
    let mut switch = [f64::NEG_INFINITY; LANES];
    for offset in 0..=2 * reach {
        let row = offset.abs_diff(reach) * stride;
        let values = &plane[bin + offset..][..LANES];
        let log_stay = &log_stay[row + bin + offset..][..LANES];
        let log_switch = &log_switch[row + bin + offset..][..LANES];
        for lane in 0..LANES {
            let candidate = values[lane] + log_stay[lane];
            stay[lane] = if candidate > stay[lane] { candidate } else { stay[lane] };
            let candidate = values[lane] + log_switch[lane];
            switch[lane] = if candidate > switch[lane] { candidate } else { switch[lane] };
        }
    }
    (stay, switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argmax(values: &[f64]) -> usize {
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        values.iter().position(|value| *value == largest).unwrap()
    }

    /// The plain decoder on the dense matrix.
    fn dense(bins: usize, reach: usize, observations: &[Observation]) -> Vec<u32> {
        let tiny = f64::MIN_POSITIVE;
        let mut band = vec![vec![0.0; bins]; bins];
        for (i, row) in band.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                if i.abs_diff(j) <= reach {
                    *value = (reach + 1 - i.abs_diff(j)) as f64 / (reach + 1) as f64;
                }
            }
            let sum = pairwise_sum(row);
            row.iter_mut().for_each(|value| *value /= sum);
        }
        let transition = |i: usize, j: usize| {
            let stay = if i / bins == j / bins { 0.99 } else { 1.0 - 0.99 };
            (stay * band[i % bins][j % bins] + tiny).ln()
        };
        let log_observed = |o: &Observation, state: usize| {
            let p = if state < bins {
                o.bins.iter().find(|(b, _)| *b as usize == state).map_or(0.0, |(_, p)| *p)
            } else {
                (1.0 - o.voiced_probability) / bins as f64
            };
            (p + tiny).ln()
        };
        let n = 2 * bins;
        let mut value: Vec<f64> = (0..n)
            .map(|s| {
                let start = if s < bins { 0.0 } else { 1.0 / bins as f64 };
                log_observed(&observations[0], s) + (start + tiny).ln()
            })
            .collect();
        let mut pointers = Vec::new();
        for o in &observations[1..] {
            let best: Vec<usize> = (0..n)
                .map(|j| {
                    let scores: Vec<f64> = (0..n).map(|i| value[i] + transition(i, j)).collect();
                    argmax(&scores)
                })
                .collect();
            value = (0..n)
                .map(|j| value[best[j]] + transition(best[j], j) + log_observed(o, j))
                .collect();
            pointers.push(best);
        }
        let mut states = vec![argmax(&value) as u32];
        for best in pointers.iter().rev() {
            states.push(best[states[states.len() - 1] as usize] as u32);
        }
        states.reverse();
        states
    }

    #[test]
    fn equals_the_dense_decoder() {
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for (bins, reach) in [(40, 7), (9, 7), (5, 0), (1, 3), (6, 50)] {
            let observations: Vec<Observation> = (0..60)
                .map(|_| {
                    let count = (random() * 4.0) as usize;
                    let mut found: Vec<(u32, f64)> = Vec::new();
                    for _ in 0..count {
                        let bin = (random() * bins as f64) as u32;
                        if found.iter().all(|(b, _)| *b != bin) {
                            found.push((bin, random() / count as f64));
                        }
                    }
                    let voiced_probability = found.iter().map(|(_, p)| p).sum();
                    Observation { bins: found, voiced_probability }
                })
                .collect();
            let lattice = Lattice::new(bins, reach);
            let fast = lattice.decode(&observations, &Watch::default()).unwrap();
            assert_eq!(fast, dense(bins, reach, &observations), "{bins} bins, reach {reach}");
        }
    }

    #[test]
    fn runs_join_without_a_seam() {
        let observation =
            |bin: usize| Observation { bins: vec![(bin as u32, 0.9)], voiced_probability: 0.9 };
        let observations: Vec<Observation> =
            (0..2 * RUN + 500).map(|i| observation(20 + (i / 100) % 6)).collect();
        let states = Lattice::new(40, 7).decode(&observations, &Watch::default()).unwrap();
        // The first frame is unvoiced by pYIN's start probabilities.
        assert_eq!(states[0], 40 + 20);
        let path = states.iter().enumerate().skip(1);
        assert!(path.clone().all(|(i, s)| *s as usize == 20 + (i / 100) % 6));
    }
}
