//! Turns partial amplitudes into one cycle of waveform that can be read at any phase.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner};

/// Samples that a table keeps before the first one of the cycle, for interpolation.
pub(super) const SAMPLES_BEFORE: usize = 2;
/// Samples that a table keeps after the last one of the cycle, for interpolation.
pub(super) const SAMPLES_AFTER: usize = 5;
/// Fewest table samples for each cycle of the highest partial. Images of six-point Lagrange
/// interpolation are then below -105 dB: its error is at most 0.00488 x^6, with x = 2 pi / 20.
const SAMPLES_PER_CYCLE: usize = 20;

/// Length of the shortest table, as a power of 2.
const SHORTEST_LOG2: u32 = 6;

/// Length of a table that holds `partials`, as a power of 2.
fn length_log2(partials: usize) -> u32 {
    (SAMPLES_PER_CYCLE * partials.max(1)).next_power_of_two().ilog2().max(SHORTEST_LOG2)
}

/// Builds tables, all with the same phases, as long as their partials need.
///
/// The phases are Schroeder's (IEEE Trans. Inf. Theory 16, 1970) for a power spectrum that falls as
/// 1 / sqrt(k). Crest factors then stay between 4 and 8 dB for spectra that fall by 0 to 12 dB an
/// octave, where equal phases give up to 27 dB. They are the same for every frame, so that frames add
/// in phase while they are crossfaded.
pub struct TableBuilder {
    /// For each length from the shortest on.
    transforms: Vec<Arc<dyn ComplexToReal<f32>>>,
    /// Half the complex amplitude of each partial whose amplitude is 1.
    pub(super) phases: Vec<Complex<f32>>,
}

/// One cycle of waveform.
#[derive(Clone, Debug)]
pub struct Table {
    samples: Vec<f32>,
    length_log2: u32,
}

impl Table {
    /// The cycle with the samples before and after it that interpolation needs.
    pub(super) fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The samples of the cycle, without those that are kept around it.
    pub fn cycle(&self) -> &[f32] {
        &self.samples[SAMPLES_BEFORE..SAMPLES_BEFORE + (1 << self.length_log2)]
    }

    /// Number of samples in the cycle, as a power of 2.
    pub(super) fn length_log2(&self) -> u32 {
        self.length_log2
    }

    /// Copies another table of the same builder.
    pub fn copy_from(&mut self, other: &Self) {
        self.length_log2 = other.length_log2;
        let used = SAMPLES_BEFORE + (1 << other.length_log2) + SAMPLES_AFTER;
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
        Table {
            samples: vec![0.0; SAMPLES_BEFORE + (1 << length_log2) + SAMPLES_AFTER],
            length_log2,
        }
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

    /// Fills `table` with the cycle that the first `partials` of these amplitudes make, partial 1
    /// first; allocates nothing.
    ///
    /// The table is as long as `partials` need. Two tables can be read together if they were built for
    /// the same number of partials.
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
            // Only wrong lengths can fail, and these come from the transform itself.
            wave.fill(0.0);
        }
        let samples = &mut table.samples;
        samples[..SAMPLES_BEFORE].copy_from_slice(&wave[n - SAMPLES_BEFORE..]);
        samples[SAMPLES_BEFORE..SAMPLES_BEFORE + n].copy_from_slice(wave);
        samples[SAMPLES_BEFORE + n..SAMPLES_BEFORE + n + SAMPLES_AFTER]
            .copy_from_slice(&wave[..SAMPLES_AFTER]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
