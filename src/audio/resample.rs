//! Windowed-sinc resampling at a fixed ratio, as `torchaudio.transforms.Resample` computes it.

use crate::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Zero crossings of the sinc on each side (`torchaudio`'s default).
const ZERO_CROSSINGS: f64 = 6.0;
/// Cutoff as a share of the lower Nyquist frequency (`torchaudio`'s default).
const ROLLOFF: f64 = 0.99;
/// Output samples computed by one task.
const SAMPLES_PER_TASK: usize = 1 << 14;

/// Resamples `signal` from `from_hz` to `to_hz`. From n samples it makes
/// `ceil(n * to_hz / from_hz)`.
///
/// The kernel is `sinc(t) cos²(π t / 12)` for `|t| < 6`, with the cutoff at 0.99 of the lower
/// Nyquist frequency (J. O. Smith, "Digital Audio Resampling", with `torchaudio`'s defaults).
///
/// # Errors
/// [`Error::Parameter`] if a rate is 0 or above 1 MHz.
pub fn resample(signal: &[f32], from_hz: u32, to_hz: u32) -> Result<Vec<f32>> {
    let resampler = Resampler::new(from_hz, to_hz)?;
    Ok(resampler.part(signal, 0, 0..resampler.length(signal.len() as u64)))
}

/// A fixed change of rate. Any part of the resampled signal can be computed by itself.
pub(crate) struct Resampler {
    from_hz: u32,
    to_hz: u32,
    bank: PhaseBank,
}

impl Resampler {
    /// Prepares the change from one rate in Hz to another.
    ///
    /// # Errors
    /// The same as [`resample`].
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self> {
        for rate in [from_hz, to_hz] {
            if !(1..=1_000_000).contains(&rate) {
                return Err(Error::Parameter(format!(
                    "sample rate is {rate} Hz, wanted 1 to 1000000 Hz"
                )));
            }
        }
        let divisor = gcd(from_hz, to_hz);
        let bank = PhaseBank::new((from_hz / divisor) as usize, (to_hz / divisor) as usize);
        Ok(Self { from_hz, to_hz, bank })
    }

    /// Number of samples after resampling `samples` samples.
    pub fn length(&self, samples: u64) -> u64 {
        (samples * u64::from(self.to_hz)).div_ceil(u64::from(self.from_hz))
    }

    /// Samples `wanted` of the resampled signal. `signal` holds the original signal's samples from
    /// number `origin` on; all samples outside it count as zero.
    pub fn part(&self, signal: &[f32], origin: u64, wanted: Range<u64>) -> Vec<f32> {
        let mut output = vec![0.0; (wanted.end - wanted.start) as usize];
        output.par_chunks_mut(SAMPLES_PER_TASK).enumerate().for_each(|(chunk, samples)| {
            let first = wanted.start + (chunk * SAMPLES_PER_TASK) as u64;
            for (index, sample) in (first..).zip(samples) {
                *sample = if self.from_hz == self.to_hz {
                    signal.get((index - origin) as usize).copied().unwrap_or_default()
                } else {
                    self.bank.at(signal, origin as i64, index)
                };
            }
        });
        output
    }
}

/// Resamples a signal that arrives in blocks.
pub(super) struct StreamResampler {
    resampler: Resampler,
    /// The end of the signal so far, which later output samples still depend on.
    kept: Vec<f32>,
    /// Number of the first sample of `kept`.
    origin: u64,
    /// Number of resampled samples that were output so far.
    given: u64,
}

impl StreamResampler {
    pub fn new(resampler: Resampler) -> Self {
        Self { resampler, kept: Vec::new(), origin: 0, given: 0 }
    }

    /// Takes the next samples, and appends to `output` all resampled samples that are final.
    pub fn push(&mut self, samples: &[f32], output: &mut Vec<f32>) {
        self.kept.extend_from_slice(samples);
        let known = (self.origin + self.kept.len() as u64) as i64;
        let bank = &self.resampler.bank;
        let mut end = self.given + self.resampler.length(self.kept.len() as u64);
        while end > self.given && bank.start(end - 1) + bank.taps as i64 > known {
            end -= 1;
        }
        self.give(end, output);
        let used_up = (self.resampler.bank.start(self.given) - self.origin as i64).max(0);
        let used_up = (used_up as usize).min(self.kept.len());
        self.kept.drain(..used_up);
        self.origin += used_up as u64;
    }

    /// Appends the remaining resampled samples to `output`. Call it after the last `push`.
    pub fn finish(&mut self, output: &mut Vec<f32>) {
        let end = self.resampler.length(self.origin + self.kept.len() as u64);
        self.give(end, output);
    }

    fn give(&mut self, end: u64, output: &mut Vec<f32>) {
        output.extend(self.resampler.part(&self.kept, self.origin, self.given..end));
        self.given = end;
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One short filter per phase. An output sample can lie at `new` different positions between two
/// input samples; each is a phase.
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

    /// First input sample of output sample `index`'s filter.
    fn start(&self, index: u64) -> i64 {
        let new = self.new as u64;
        (index / new * self.orig as u64) as i64 + self.starts[(index % new) as usize] as i64
    }

    /// Output sample `index`; `signal` is the given signal from sample `origin` on.
    fn at(&self, signal: &[f32], origin: i64, index: u64) -> f32 {
        let phase = (index % self.new as u64) as usize;
        let start = (self.start(index) - origin) as isize;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_blocks_are_the_whole() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        let signal: Vec<f32> = (0..5000).map(|_| noise()).collect();
        for (from, to) in [(44100, 16000), (16000, 44100), (48000, 16000), (8000, 96000), (7, 7)] {
            for length in [0, 1, 5, 4999] {
                let signal = &signal[..length];
                let whole = resample(signal, from, to).unwrap();
                for block in [1, 7, 1000, 6000] {
                    let mut stream = StreamResampler::new(Resampler::new(from, to).unwrap());
                    let mut joined = Vec::new();
                    signal.chunks(block).for_each(|part| stream.push(part, &mut joined));
                    stream.finish(&mut joined);
                    assert!(joined == whole, "{from} to {to} Hz, {length} samples by {block}");
                }
            }
            let resampler = Resampler::new(from, to).unwrap();
            let whole = resample(&signal, from, to).unwrap();
            // The filter's reach is at most 7 samples of the slower rate.
            let reach = 7 * (1 + from / to);
            let first = resampler.length(1000 + u64::from(reach));
            let last = resampler.length(2000 - u64::from(reach));
            let part = resampler.part(&signal[1000..2000], 1000, first..last);
            assert!(part == whole[first as usize..last as usize], "{from} to {to} Hz");
        }
    }
}
