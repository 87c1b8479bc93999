//! From partial amplitudes to one cycle of waveform that can be read at any phase.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner};

use super::reading::TAPS;

/// Samples before a cycle's first that interpolation reaches.
const BEFORE: usize = 2;
/// Samples after its last.
const AFTER: usize = TAPS - 1 - BEFORE;
/// Fewest table samples a cycle of the highest partial: images of six-point Lagrange
/// interpolation are then below -105 dB (its error is at most 0.00488 x^6, x = 2 pi / 20).
const SAMPLES_PER_CYCLE: usize = 20;

/// Shortest table, as a power of 2.
const SHORTEST_LOG2: u32 = 6;

/// Length of a table that holds `partials`, as a power of 2.
fn length_log2(partials: usize) -> u32 {
    (SAMPLES_PER_CYCLE * partials.max(1)).next_power_of_two().ilog2().max(SHORTEST_LOG2)
}

/// Builds tables with one policy of phases, as long as their partials need.
///
/// Phases are Schroeder's (IEEE Trans. Inf. Theory 16, 1970) for a power spectrum falling as
/// 1 / sqrt(k): crest factors then stay between 4 and 8 dB for spectra falling by 0 to 12 dB an
/// octave, where equal phases give up to 27 dB. They are the same for every frame, so that
/// crossfaded frames add in phase.
pub struct TableBuilder {
    /// For each length from the shortest on.
    transforms: Vec<Arc<dyn ComplexToReal<f32>>>,
    phases: Vec<Complex<f32>>,
}

/// One cycle of waveform.
#[derive(Clone, Debug)]
pub struct Table {
    samples: Vec<f32>,
    length_log2: u32,
}

impl Table {
    /// The cycle, and the samples before and after it that interpolation reaches.
    pub(super) fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The cycle.
    pub fn cycle(&self) -> &[f32] {
        &self.samples[BEFORE..BEFORE + (1 << self.length_log2)]
    }

    /// Samples in the cycle are 2 to the power of this.
    pub(super) fn length_log2(&self) -> u32 {
        self.length_log2
    }

    /// Takes over another table of the same builder.
    pub fn copy_from(&mut self, other: &Self) {
        self.length_log2 = other.length_log2;
        let used = BEFORE + (1 << other.length_log2) + AFTER;
        self.samples[..used].copy_from_slice(&other.samples[..used]);
    }
}

/// Working memory for building tables.
#[derive(Clone, Debug)]
pub struct TableScratch {
    bins: Vec<Complex<f32>>,
    wave: Vec<f32>,
    work: Vec<Complex<f32>>,
}

impl TableBuilder {
    /// Prepares tables for at most `partials` partials.
    pub fn new(partials: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let transforms = (SHORTEST_LOG2..=length_log2(partials))
            .map(|length_log2| planner.plan_fft_inverse(1 << length_log2))
            .collect();
        let total: f64 = (1..=partials).map(|k| (k as f64).powf(-0.5)).sum();
        let (mut below, mut turn) = (0.0, 0.0);
        let phases = (1..=partials)
            .map(|k| {
                turn -= below / total;
                below += (k as f64).powf(-0.5);
                let phase = Complex::from_polar(0.5, std::f64::consts::TAU * turn);
                Complex::new(phase.re as f32, phase.im as f32)
            })
            .collect();
        Self { transforms, phases }
    }

    /// A silent table with room for all partials.
    pub fn table(&self) -> Table {
        let length_log2 = length_log2(self.phases.len());
        Table { samples: vec![0.0; BEFORE + (1 << length_log2) + AFTER], length_log2 }
    }

    /// Working memory for [`Self::build`].
    pub fn scratch(&self) -> TableScratch {
        let scratch = |length: fn(&Arc<dyn ComplexToReal<f32>>) -> usize| {
            self.transforms.iter().map(length).max().unwrap_or(0)
        };
        TableScratch {
            bins: vec![Complex::default(); scratch(|t| t.complex_len())],
            wave: vec![0.0; scratch(|t| t.len())],
            work: vec![Complex::default(); scratch(|t| t.get_scratch_len())],
        }
    }

    /// Fills `table` with the cycle of these amplitudes, partial 1 first, of which all from
    /// `partials` on are silent; allocates nothing.
    ///
    /// Its length is what `partials` asks for: two tables are read together if they were built for
    /// the same number of them.
    pub fn build(
        &self,
        amplitudes: &[f32],
        partials: usize,
        scratch: &mut TableScratch,
        table: &mut Table,
    ) {
        table.length_log2 = length_log2(partials.min(self.phases.len()));
        let Some(transform) = self.transforms.get((table.length_log2 - SHORTEST_LOG2) as usize)
        else {
            return;
        };
        let n = transform.len();
        let TableScratch { bins, wave, work } = scratch;
        let (bins, wave) = (&mut bins[..=n / 2], &mut wave[..n]);
        bins.fill(Complex::default());
        let sounding = amplitudes.iter().take(partials);
        for ((bin, &phase), &amplitude) in bins[1..].iter_mut().zip(&self.phases).zip(sounding) {
            *bin = phase * amplitude;
        }
        if transform.process_with_scratch(bins, wave, work).is_err() {
            // Only lengths can be wrong, and they come from the transform itself.
            wave.fill(0.0);
        }
        let samples = &mut table.samples;
        samples[..BEFORE].copy_from_slice(&wave[n - BEFORE..]);
        samples[BEFORE..BEFORE + n].copy_from_slice(wave);
        samples[BEFORE + n..BEFORE + n + AFTER].copy_from_slice(&wave[..AFTER]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::reading::{Crossfade, Phase, Reader, Tables};

    #[test]
    fn table_is_the_sum_of_its_partials_at_any_phase() {
        let partials = 51; // 20 * 51 is just within 1024: the coarsest table there is
        let builder = TableBuilder::new(partials);
        let (mut scratch, mut table) = (builder.scratch(), builder.table());
        let amplitudes: Vec<f32> = vec![1.0; partials];
        builder.build(&amplitudes, partials, &mut scratch, &mut table);
        assert_eq!(table.length_log2(), 10);
        let step = 0.318_033_988_749;
        let crossfade = Crossfade { slope: 0.0, offset: 0.3 };
        let tables = Tables { from: &table, to: &table, crossfade, position: 0, step: 1 };
        let mut read = vec![0.0; 3000];
        let steps = vec![step; 3000];
        Reader::default().read(tables, Phase::default(), &steps, &mut read);
        let mut worst = 0.0f64;
        for (i, read) in read.into_iter().enumerate() {
            let phase = (i as f64 * step).fract();
            let exact: f64 = (1..=partials)
                .map(|k| {
                    let offset = builder.phases[k - 1];
                    let offset = f64::from(offset.im).atan2(f64::from(offset.re));
                    (std::f64::consts::TAU * k as f64 * phase + offset).cos()
                })
                .sum();
            worst = worst.max((exact - f64::from(read)).abs());
        }
        // 51 equal partials whose errors add up: each is far below.
        assert!(worst < 4e-5, "{worst}");
    }

    #[test]
    fn crest_factor_is_low_for_usual_slopes() {
        let builder = TableBuilder::new(39);
        let (mut scratch, mut table) = (builder.scratch(), builder.table());
        for db_per_octave in [0.0, 3.0, 6.0, 9.0, 12.0] {
            let amplitudes: Vec<f32> =
                (1..=39).map(|k| (k as f32).powf(-db_per_octave / 6.0)).collect();
            builder.build(&amplitudes, 39, &mut scratch, &mut table);
            let peak = table.samples().iter().fold(0.0f32, |p, v| p.max(v.abs()));
            let power: f32 = amplitudes.iter().map(|a| a * a / 2.0).sum();
            let crest = 20.0 * (peak / power.sqrt()).log10();
            assert!(crest < 8.0, "{db_per_octave} dB an octave: {crest} dB");
        }
    }
}
