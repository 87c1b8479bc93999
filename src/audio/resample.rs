//! Windowed-sinc resampling at a fixed ratio, as `torchaudio.transforms.Resample` computes it.

use crate::{Error, Result};
use rayon::prelude::*;

/// Zero crossings of the sinc on each side (`torchaudio`'s default).
const ZERO_CROSSINGS: f64 = 6.0;
/// Cutoff as a share of the lower Nyquist frequency (`torchaudio`'s default).
const ROLLOFF: f64 = 0.99;
/// Output samples computed by one task.
const CHUNK: usize = 1 << 14;

/// Resamples `signal` from `from_hz` to `to_hz`; `ceil(n * to / from)` samples come back.
///
/// The kernel is `sinc(t) cos²(π t / 12)`, |t| < 6, with the cutoff at 0.99 of the lower Nyquist
/// frequency (J. O. Smith, "Digital Audio Resampling", with `torchaudio`'s defaults).
///
/// # Errors
/// [`Error::Parameter`] if a rate is 0 or above 1 MHz.
pub fn resample(signal: &[f32], from_hz: u32, to_hz: u32) -> Result<Vec<f32>> {
    for rate in [from_hz, to_hz] {
        if !(1..=1_000_000).contains(&rate) {
            return Err(Error::Parameter(format!(
                "sample rate is {rate} Hz, wanted 1 to 1000000 Hz"
            )));
        }
    }
    if from_hz == to_hz {
        return Ok(signal.to_vec());
    }
    let divisor = gcd(from_hz, to_hz);
    let bank = PhaseBank::new((from_hz / divisor) as usize, (to_hz / divisor) as usize);
    let length = (signal.len() as u64 * u64::from(to_hz)).div_ceil(u64::from(from_hz)) as usize;
    let mut output = vec![0.0; length];
    output.par_chunks_mut(CHUNK).enumerate().for_each(|(index, chunk)| {
        for (offset, sample) in chunk.iter_mut().enumerate() {
            *sample = bank.at(signal, index * CHUNK + offset);
        }
    });
    Ok(output)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One short filter for each of the `new` places an output sample can have between input samples.
struct PhaseBank {
    orig: usize,
    new: usize,
    taps: usize,
    /// First input sample of each phase's filter, counted from the start of its group of `orig`.
    starts: Vec<isize>,
    /// `new` rows of `taps` coefficients.
    kernel: Vec<f32>,
}

impl PhaseBank {
    fn new(orig: usize, new: usize) -> Self {
        let cutoff = orig.min(new) as f64 * ROLLOFF;
        let reach = ZERO_CROSSINGS * orig as f64 / cutoff;
        let taps = 2 * reach.ceil() as usize + 1;
        let mut starts = Vec::with_capacity(new);
        let mut kernel = Vec::with_capacity(new * taps);
        for phase in 0..new {
            let centre = phase as f64 * orig as f64 / new as f64;
            let start = (centre - reach).ceil() as isize;
            starts.push(start);
            for tap in 0..taps {
                let t = (start + tap as isize) as f64 - centre;
                kernel.push(coefficient(t * cutoff / orig as f64, cutoff / orig as f64));
            }
        }
        Self { orig, new, taps, starts, kernel }
    }

    /// Output sample `index`; the signal is zero outside itself.
    fn at(&self, signal: &[f32], index: usize) -> f32 {
        let phase = index % self.new;
        let start = (index / self.new * self.orig) as isize + self.starts[phase];
        let kernel = &self.kernel[phase * self.taps..(phase + 1) * self.taps];
        let skip = (-start).clamp(0, self.taps as isize) as usize;
        let from = (start + skip as isize).min(signal.len() as isize) as usize;
        signal[from..].iter().zip(&kernel[skip..]).map(|(x, h)| x * h).sum()
    }
}

fn coefficient(t: f64, scale: f64) -> f32 {
    use std::f64::consts::PI;
    if t.abs() >= ZERO_CROSSINGS {
        return 0.0;
    }
    let window = (t * PI / ZERO_CROSSINGS / 2.0).cos().powi(2);
    let sinc = if t == 0.0 { 1.0 } else { (t * PI).sin() / (t * PI) };
    (sinc * window * scale) as f32
}
