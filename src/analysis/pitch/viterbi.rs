//! The Viterbi decoder of pYIN: pitch bins in a voiced and an unvoiced plane.
//!
//! The probability of a transition is a triangle over the distance in bins, times the probability
//! of switching between the planes. Only a band of bins can be reached, so a step costs `bins *
//! band` additions instead of `bins²`. The result is that of `librosa.sequence.viterbi` on the full
//! matrix, in which an "impossible" transition or observation has the smallest positive number as
//! its probability.
//!
//! A frame's observation names only a few of the voiced states. The others are so unlikely that the
//! best path avoids them. They are skipped wherever a bound proves this.

use super::max_plus::{ROW_MULTIPLE, banded_maximum, largest_sum, raise_and_add, raise_to_sums};
use super::ordered_sums::pairwise_sum;

/// Probability of staying voiced or unvoiced. (1 minus this differs from 0.01 by rounding, which
/// decides ties in librosa's decoder.)
const STAY_PROBABILITY: f64 = 1.0 - 0.01;
/// Frames whose columns are kept. Then the paths to all states of the next frame are traced back
/// through them, and because such paths soon join, what remains of the columns is small.
pub(crate) const RUN_FRAMES: usize = 256;
/// Log probability by which a state must lie below its competitors before it is left out: far more
/// than rounding could make up.
const PRUNING_MARGIN: f64 = 1e-3;

/// The observation of one frame: which pitch bins it may have, and how probable they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Observation {
    /// Pitch bins and their probabilities, in any order, each bin once.
    pub bins: Vec<(u32, f64)>,
    /// Sum of these probabilities, at most 1.
    pub voiced_probability: f64,
}

/// The states and their transitions. State `b` is pitch bin `b` in a voiced frame, state `bins + b`
/// the same bin in an unvoiced frame.
pub(crate) struct Lattice {
    bins: usize,
    reach: usize,
    /// Length of a plane including its margins.
    stride: usize,
    /// `log_stay[distance * stride + reach + bin]`: log probability of going from `bin` to a bin
    /// `distance` away in the same plane.
    log_stay: Vec<f64>,
    /// `into[switch][to * width + reach + from - to]`: log probability of going to bin `to` in the
    /// same (0) or the other (1) plane.
    into: [Vec<f64>; 2],
    /// `out_of[from * width + reach + to - from]`: log probability of going to bin `to` in the
    /// other plane.
    out_of: Vec<f64>,
    /// Columns of `into` and `out_of`, padded to whole vectors.
    width: usize,
    /// Log probabilities of the likeliest transitions to the same and to the other plane.
    most: [f64; 2],
    /// Log probability of the least likely change of plane that keeps the bin.
    least_switch: f64,
    /// Log probability of a leap to any one state beyond the reach.
    log_leap: f64,
    /// Whether every column is stored relative to its best state. Between equally good paths,
    /// rounding errors decide: those of the last few frames if columns are relative, otherwise
    /// those of all frames before.
    relative: bool,
}

/// Log probabilities of all states at one time.
#[derive(Clone)]
struct Column {
    /// Both planes, each with a margin of impossible states on both sides, so that the band needs
    /// no special case at its edges. Skipped voiced states are impossible too.
    values: Vec<f64>,
    /// The voiced bins that were not skipped.
    live: Vec<u32>,
    /// The most probable state (the lowest if several are equal) and its log probability.
    best: (usize, f64),
}

/// Log probability that librosa's decoder gives to impossible transitions and observations.
pub(crate) fn log_floor() -> f64 {
    f64::MIN_POSITIVE.ln()
}

impl Lattice {
    /// A lattice of `bins` pitch bins. The pitch may move by up to `reach` bins per frame; every
    /// larger move has the log probability `log_leap`.
    pub fn new(bins: usize, reach: usize, log_leap: f64) -> Self {
        let weight = |distance: usize| (reach + 1 - distance) as f64 / (reach + 1) as f64;
        // With a long hop, the pitch could move by more bins than there are.
        let reach = reach.min(bins.saturating_sub(1));
        let width = (2 * reach + 1).next_multiple_of(8);
        let stride = (bins + 2 * reach).next_multiple_of(ROW_MULTIPLE) + ROW_MULTIPLE;
        let mut log_stay = vec![f64::NEG_INFINITY; (reach + 1) * stride];
        let mut into = [0, 1].map(|_| vec![f64::NEG_INFINITY; bins * width]);
        let mut out_of = into[1].clone();
        let mut row = vec![0.0; bins];
        for bin in 0..bins {
            row.fill(0.0);
            let near = bin.saturating_sub(reach)..(bin + reach + 1).min(bins);
            for to in near.clone() {
                row[to] = weight(to.abs_diff(bin));
            }
            let sum = pairwise_sum(&row);
            let log = |share: f64, distance: usize| {
                (share * (weight(distance) / sum) + f64::MIN_POSITIVE).ln()
            };
            for distance in 0..=reach {
                log_stay[distance * stride + reach + bin] = log(STAY_PROBABILITY, distance);
            }
            for to in near {
                let at = to * width + reach + bin - to;
                into[0][at] = log(STAY_PROBABILITY, to.abs_diff(bin));
                into[1][at] = log(1.0 - STAY_PROBABILITY, to.abs_diff(bin));
                out_of[bin * width + reach + to - bin] = into[1][at];
            }
        }
        let most = [0, 1].map(|switch| into[switch].iter().copied().fold(f64::MIN, f64::max));
        let kept = into[1].iter().skip(reach).step_by(width);
        let least_switch = kept.copied().fold(f64::MAX, f64::min);
        Self {
            bins,
            reach,
            stride,
            log_stay,
            into,
            out_of,
            width,
            most,
            least_switch,
            log_leap,
            relative: false,
        }
    }

    /// The same lattice with columns relative to their best state, so that a part of a recording is
    /// decoded exactly as it is within the whole.
    pub fn relative(self) -> Self {
        Self { relative: true, ..self }
    }

    /// The state before `state` on the best path, given the column of the frame before. Of equally
    /// good states, it is the lowest.
    fn predecessor(&self, column: &Column, state: usize) -> usize {
        let (plane, bin) = (state / self.bins, state % self.bins);
        let mut best = (column.best.1 + self.log_leap, column.best.0);
        let low = bin.saturating_sub(self.reach);
        let high = (bin + self.reach).min(self.bins - 1);
        for source_plane in 0..2 {
            let values = &column.values[self.plane(source_plane)][low..=high];
            let logs =
                &self.into[source_plane ^ plane][bin * self.width + self.reach + low - bin..];
            for ((source, value), log) in (low..).zip(values).zip(logs) {
                let candidate = source_plane * self.bins + source;
                let value = value + log;
                if value > best.0 || (value >= best.0 && candidate < best.1) {
                    best = (value, candidate);
                }
            }
        }
        best.1
    }

    /// Where the states of a plane (0 voiced, 1 unvoiced) lie in a column.
    fn plane(&self, plane: usize) -> std::ops::Range<usize> {
        let first = plane * self.stride + self.reach;
        first..first + self.bins
    }

    /// A column of impossible states.
    fn empty(&self) -> Column {
        Column {
            values: vec![f64::NEG_INFINITY; 2 * self.stride],
            live: Vec::new(),
            best: (0, f64::NEG_INFINITY),
        }
    }

    /// The column of the first frame: all unvoiced states are equally likely, no voiced one is
    /// possible.
    fn start(&self, observation: &Observation) -> Column {
        let mut column = self.empty();
        column.values[self.plane(0)].fill(log_floor() + log_floor());
        for &(bin, p) in &observation.bins {
            column.values[self.reach + bin as usize] = log_floor() + (p + f64::MIN_POSITIVE).ln();
        }
        let equal = (1.0 / self.bins as f64 + f64::MIN_POSITIVE).ln();
        column.values[self.plane(1)].fill(equal + self.log_unvoiced(observation));
        column.live.extend(0..self.bins as u32);
        let most_unvoiced = column.values[self.plane(1).start];
        self.find_best(&mut column, most_unvoiced);
        column
    }

    /// Log probability that an observation gives to each unvoiced state.
    fn log_unvoiced(&self, observation: &Observation) -> f64 {
        let share = (1.0 - observation.voiced_probability) / self.bins as f64;
        (share + f64::MIN_POSITIVE).ln()
    }

    /// Sets `best`, given the largest value of the unvoiced states.
    fn find_best(&self, column: &mut Column, most_unvoiced: f64) {
        let mut best = (usize::MAX, most_unvoiced);
        for &bin in &column.live {
            let value = column.values[self.reach + bin as usize];
            if value > best.1 || (value >= best.1 && (bin as usize) < best.0) {
                best = (bin as usize, value);
            }
        }
        if best.0 == usize::MAX {
            let unvoiced = &column.values[self.plane(1)];
            let first = unvoiced.iter().position(|&value| value == most_unvoiced);
            best.0 = self.bins + first.unwrap_or(0);
        }
        column.best = best;
    }

    /// One step forward, from the column `from` into the column `to`.
    fn advance(&self, from: &Column, to: &mut Column, observation: &Observation) {
        let anywhere = from.best.1 + self.log_leap;
        let from_unvoiced = &from.values[self.stride..];
        let (voiced, unvoiced) = to.values.split_at_mut(self.stride);
        let (voiced, unvoiced) = (&mut voiced[self.reach..], &mut unvoiced[self.reach..]);

        let rows: Vec<&[f64]> = (0..=2 * self.reach)
            .map(|j| &self.log_stay[j.abs_diff(self.reach) * self.stride + j..])
            .collect();
        banded_maximum(
            from_unvoiced,
            &rows,
            &mut unvoiced[..self.bins.next_multiple_of(ROW_MULTIPLE)],
        );
        unvoiced[self.bins..].fill(f64::NEG_INFINITY);
        for &bin in &from.live {
            let bin = bin as usize;
            let value = from.values[self.reach + bin];
            let low = bin.saturating_sub(self.reach);
            let logs = &self.out_of[bin * self.width + self.reach + low - bin..];
            let near = &mut unvoiced[low..(bin + self.reach + 1).min(self.bins)];
            raise_to_sums(value, &logs[..near.len()], near);
        }
        let (least_unvoiced, most_unvoiced) =
            raise_and_add(&mut unvoiced[..self.bins], anywhere, self.log_unvoiced(observation));

        for &bin in &to.live {
            voiced[bin as usize] = f64::NEG_INFINITY;
        }
        to.live.clear();
        for &(bin, p) in &observation.bins {
            let log = (p + f64::MIN_POSITIVE).ln();
            voiced[bin as usize] = self.arrival(from, bin as usize).max(anywhere) + log;
            to.live.push(bin);
        }
        let seen = observation.bins.iter().map(|&(bin, _)| voiced[bin as usize]);
        let best = seen.fold(most_unvoiced, f64::max);

        // An upper bound of what a voiced state outside the observation could pass on, against a
        // lower bound of what every state of the next column gets from other states.
        let arriving = (from.live.iter())
            .map(|&bin| from.values[self.reach + bin as usize] + self.most[0])
            .fold(anywhere.max(from.best.1 + self.most[1]), f64::max);
        let passed_on = arriving + log_floor() + self.most[0].max(self.log_leap);
        if passed_on + PRUNING_MARGIN
            > (best + self.log_leap).max(least_unvoiced + self.least_switch)
        {
            to.live.clear();
            to.live.extend(0..self.bins as u32);
            let seen = |bin: usize| observation.bins.iter().any(|&(at, _)| at as usize == bin);
            for (bin, value) in voiced[..self.bins].iter_mut().enumerate() {
                if !seen(bin) {
                    *value = self.arrival(from, bin).max(anywhere) + log_floor();
                }
            }
        }
        self.find_best(to, most_unvoiced);
        if self.relative {
            let level = to.best.1;
            to.values.iter_mut().for_each(|value| *value -= level);
            to.best.1 = 0.0;
        }
    }

    /// The best log probability of coming to voiced `bin` from its neighbours of both planes.
    fn arrival(&self, from: &Column, bin: usize) -> f64 {
        let near = |plane: usize| &from.values[plane * self.stride + bin..][..self.width];
        let logs = |switch: usize| &self.into[switch][bin * self.width..][..self.width];
        largest_sum(near(0), logs(0)).max(largest_sum(near(1), logs(1)))
    }
}

/// Finds the most probable sequence of states. Observations can be added as they become known.
pub(crate) struct Viterbi {
    lattice: Lattice,
    observations: Vec<Observation>,
    /// The columns of the current run of frames, and room for others.
    columns: Vec<Column>,
    /// Frames of the current run so far.
    filled: usize,
    /// For every frame of the runs before, the states that a path to the current run may have in the
    /// next frame, in ascending order, and the state before each.
    links: Vec<Vec<(u32, u32)>>,
}

impl Viterbi {
    /// A decoder that has seen no frame yet.
    pub fn new(lattice: Lattice) -> Self {
        Self {
            lattice,
            observations: Vec::new(),
            columns: Vec::new(),
            filled: 0,
            links: Vec::new(),
        }
    }

    /// Adds the observations of the next frames.
    pub fn push(&mut self, observations: Vec<Observation>) {
        for observation in &observations {
            if self.filled == self.columns.len() {
                self.columns.push(self.lattice.empty());
            }
            let (before, after) = self.columns.split_at_mut(self.filled);
            match before.last() {
                None => after[0] = self.lattice.start(observation),
                Some(before) => self.lattice.advance(before, &mut after[0], observation),
            }
            if self.filled == RUN_FRAMES {
                self.link();
                self.columns.swap(0, RUN_FRAMES);
                self.filled = 0;
            }
            self.filled += 1;
        }
        self.observations.extend(observations);
    }

    /// Traces the paths to all states of the column after the current run back through the run.
    fn link(&mut self) {
        let (run, next) = self.columns.split_at(RUN_FRAMES);
        let bins = self.lattice.bins as u32;
        let mut states: Vec<u32> = next[0].live.iter().copied().chain(bins..2 * bins).collect();
        let first = self.links.len();
        for column in run.iter().rev() {
            states.sort_unstable();
            states.dedup();
            let link =
                |&state: &u32| (state, self.lattice.predecessor(column, state as usize) as u32);
            let links: Vec<(u32, u32)> = states.iter().map(link).collect();
            states.clear();
            states.extend(links.iter().map(|(_, before)| before));
            self.links.push(links);
        }
        self.links[first..].reverse();
    }

    /// Returns all observations and the most probable sequence of states.
    pub fn finish(self) -> (Vec<Observation>, Vec<u32>) {
        let Some((last, run)) = self.columns[..self.filled].split_last() else {
            return (self.observations, Vec::new());
        };
        let mut state = last.best.0;
        let mut states = vec![state as u32];
        for column in run.iter().rev() {
            state = self.lattice.predecessor(column, state);
            states.push(state as u32);
        }
        let mut state = state as u32;
        for links in self.links.iter().rev() {
            let at = links.partition_point(|(after, _)| *after < state);
            state = links[at].1;
            states.push(state);
        }
        states.reverse();
        (self.observations, states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(lattice: Lattice, observations: Vec<Observation>) -> Vec<u32> {
        let mut viterbi = Viterbi::new(lattice);
        viterbi.push(observations);
        viterbi.finish().1
    }

    fn argmax(values: &[f64]) -> usize {
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        values.iter().position(|value| *value == largest).unwrap()
    }

    /// The dense matrix of transitions and the probabilities, all as logarithms.
    struct Dense {
        bins: usize,
        transitions: Vec<Vec<f64>>,
    }

    impl Dense {
        fn new(bins: usize, reach: usize, log_leap: f64) -> Self {
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
                (stay * band[i % bins][j % bins] + f64::MIN_POSITIVE).ln().max(log_leap)
            };
            let row = |i| (0..2 * bins).map(|j| transition(i, j)).collect();
            Self { bins, transitions: (0..2 * bins).map(row).collect() }
        }

        fn start(&self, state: usize) -> f64 {
            let start = if state < self.bins { 0.0 } else { 1.0 / self.bins as f64 };
            (start + f64::MIN_POSITIVE).ln()
        }

        fn observed(&self, observation: &Observation, state: usize) -> f64 {
            let p = if state < self.bins {
                let mut seen = observation.bins.iter();
                seen.find(|(bin, _)| *bin as usize == state).map_or(0.0, |(_, p)| *p)
            } else {
                (1.0 - observation.voiced_probability) / self.bins as f64
            };
            (p + f64::MIN_POSITIVE).ln()
        }

        /// The plain decoder.
        fn decode(&self, observations: &[Observation]) -> Vec<u32> {
            let n = 2 * self.bins;
            let mut value: Vec<f64> =
                (0..n).map(|s| self.observed(&observations[0], s) + self.start(s)).collect();
            let mut pointers = Vec::new();
            for o in &observations[1..] {
                let best: Vec<usize> = (0..n)
                    .map(|j| {
                        let scores: Vec<f64> =
                            (0..n).map(|i| value[i] + self.transitions[i][j]).collect();
                        argmax(&scores)
                    })
                    .collect();
                let arrive = |j: usize| value[best[j]] + self.transitions[best[j]][j];
                value = (0..n).map(|j| arrive(j) + self.observed(o, j)).collect();
                pointers.push(best);
            }
            let mut states = vec![argmax(&value) as u32];
            for best in pointers.iter().rev() {
                states.push(best[states[states.len() - 1] as usize] as u32);
            }
            states.reverse();
            states
        }

        /// Log probability of a path.
        fn score(&self, observations: &[Observation], states: &[u32]) -> f64 {
            let seen = observations.iter().zip(states).map(|(o, &s)| self.observed(o, s as usize));
            let moves = states.windows(2).map(|s| self.transitions[s[0] as usize][s[1] as usize]);
            self.start(states[0] as usize) + seen.sum::<f64>() + moves.sum::<f64>()
        }
    }

    #[test]
    fn equals_the_dense_decoder() {
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        // Frames that are certainly voiced and have few candidates force paths through states that
        // were not observed; in the other cases these states are skipped.
        for (bins, reach, certain) in [
            (40, 7, 0.0),
            (40, 7, 0.5),
            (40, 2, 1.0),
            (9, 7, 0.3),
            (5, 0, 0.5),
            (1, 3, 0.2),
            (6, 50, 0.2),
        ] {
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
                    let sum: f64 = found.iter().map(|(_, p)| p).sum();
                    let voiced_probability = if random() < certain { 1.0 } else { sum };
                    Observation { bins: found, voiced_probability }
                })
                .collect();
            for log_leap in [log_floor(), -9.0] {
                let dense = Dense::new(bins, reach, log_leap);
                let want = dense.decode(&observations);
                let lattice = Lattice::new(bins, reach, log_leap);
                let fast = decode(lattice, observations.clone());
                assert_eq!(fast, want, "{bins} bins, reach {reach}, certain {certain}, {log_leap}");
                // Relative columns may choose another path, but none that is less likely.
                let lattice = Lattice::new(bins, reach, log_leap).relative();
                let relative = decode(lattice, observations.clone());
                let [got, best] = [&relative, &want].map(|path| dense.score(&observations, path));
                assert!((got - best).abs() < 1e-6, "{got} {best}");
            }
        }
    }

    #[test]
    fn runs_join_without_a_seam() {
        let observation =
            |bin: usize| Observation { bins: vec![(bin as u32, 0.9)], voiced_probability: 0.9 };
        let observations: Vec<Observation> =
            (0..9 * RUN_FRAMES + 100).map(|i| observation(20 + (i / 100) % 6)).collect();
        let states = decode(Lattice::new(40, 7, log_floor()), observations);
        // pYIN's start probabilities make the first frame unvoiced.
        assert_eq!(states[0], 40 + 20);
        let path = states.iter().enumerate().skip(1);
        assert!(path.clone().all(|(i, s)| *s as usize == 20 + (i / 100) % 6));
    }
}
