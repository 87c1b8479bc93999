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

/// Builds tables of one length with one policy of phases.
///
/// Phases are Schroeder's (IEEE Trans. Inf. Theory 16, 1970) for a power spectrum falling as
/// 1 / sqrt(k): crest factors then stay between 4 and 8 dB for spectra falling by 0 to 12 dB an
/// octave, where equal phases give up to 27 dB. They are the same for every frame, so that
/// crossfaded frames add in phase.
pub struct TableBuilder {
    transform: Arc<dyn ComplexToReal<f32>>,
    phases: Vec<Complex<f32>>,
    length: usize,
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
        let length = (SAMPLES_PER_CYCLE * partials.max(1)).next_power_of_two();
        let transform = RealFftPlanner::new().plan_fft_inverse(length);
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
        Self { transform, phases, length }
    }

    /// A silent table.
    pub fn table(&self) -> Vec<f32> {
        vec![0.0; self.length + BEFORE + AFTER]
    }

    /// Samples in a cycle.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Working memory for [`Self::build`].
    pub fn scratch(&self) -> TableScratch {
        TableScratch {
            bins: self.transform.make_input_vec(),
            wave: self.transform.make_output_vec(),
            work: self.transform.make_scratch_vec(),
        }
    }

    /// Fills `table` with the cycle of these amplitudes, partial 1 first; allocates nothing.
    pub fn build(&self, amplitudes: &[f32], scratch: &mut TableScratch, table: &mut [f32]) {
        let TableScratch { bins, wave, work } = scratch;
        bins.fill(Complex::default());
        for ((bin, &phase), &amplitude) in bins[1..].iter_mut().zip(&self.phases).zip(amplitudes) {
            *bin = phase * amplitude;
        }
        if self.transform.process_with_scratch(bins, wave, work).is_err() {
            // Only lengths can be wrong, and they come from the transform itself.
            wave.fill(0.0);
        }
        let n = self.length;
        table[..BEFORE].copy_from_slice(&wave[n - BEFORE..]);
        table[BEFORE..BEFORE + n].copy_from_slice(wave);
        table[BEFORE + n..].copy_from_slice(&wave[..AFTER]);
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
        assert_eq!(builder.length(), 1024);
        let (mut scratch, mut table) = (builder.scratch(), builder.table());
        let amplitudes: Vec<f32> = vec![1.0; partials];
        builder.build(&amplitudes, &mut scratch, &mut table);
        let step = 0.318_033_988_749;
        let crossfade = Crossfade { slope: 0.0, offset: 0.3 };
        let tables = Tables { from: &table, to: &table, crossfade, position: 0, step: 1 };
        let mut read = vec![0.0; 3000];
        let steps = vec![step; 3000];
        Reader::new(&builder).read(tables, Phase::default(), &steps, &mut read);
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
            builder.build(&amplitudes, &mut scratch, &mut table);
            let peak = table.iter().fold(0.0f32, |p, v| p.max(v.abs()));
            let power: f32 = amplitudes.iter().map(|a| a * a / 2.0).sum();
            let crest = 20.0 * (peak / power.sqrt()).log10();
            assert!(crest < 8.0, "{db_per_octave} dB an octave: {crest} dB");
        }
    }
}
