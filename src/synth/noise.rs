//! The part of a sound between its partials: noise under the envelope of the predicted spectrum.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner};

use super::spectrum::PartialReader;

/// Length of a noise frame, s, before it is rounded to a power of two in samples.
const FRAME_S: f64 = 0.0107;
/// At or below this voicedness a frame is all noise.
const UNVOICED: f32 = 0.1;
/// At or above this voicedness a frame is tone, and its only noise lies between the partials.
const VOICED: f32 = 0.5;
/// Share of the power that stands at the partials rather than between them. White noise has a half
/// there. At or below the first value a spectrum gives no sign of tone, at or above the second one it
/// is tone.
const COMB: [f32; 2] = [0.75, 0.95];
/// Amplitude of the noise between partials, as a share of what the spectrum has there. The rest is
/// the partials' own motion, which a short frame spreads. The factor is about -1 dB, measured by
/// `benches/oracle.py` on four instruments.
const BETWEEN_NOISE: f32 = 0.9;
/// With at least this many cycles in a window, the bin halfway between two partials is free of them:
/// it stands in the first zero of the Hann window's transform.
const SEPARABLE_CYCLES: usize = 4;
/// Bound on the amplitude of a noise bin; no sound within [-1, 1] comes near it.
const MAX_NOISE_AMPLITUDE: f32 = 1.0;

/// Share of a frame's power that is tone, 0 .. 1, judged by its voicedness alone: a smoothstep from
/// 0.1 to 0.5.
pub fn tonal_share(voicedness: f32) -> f32 {
    smoothstep(voicedness, UNVOICED, VOICED)
}

/// 0 below `low`, 1 above `high`, and 3 x^2 - 2 x^3 in between.
fn smoothstep(value: f32, low: f32, high: f32) -> f32 {
    let x = ((value - low) / (high - low)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Turns spectra into amplitudes of noise bins.
///
/// The analysis stretches cycles by a resampling that preserves energy, which leaves the power
/// density of noise as it is. The squared magnitude of a bin over the sum of the squared window is
/// therefore that density, whatever the f0 is; only the bin's frequency depends on f0. A frame of
/// noise has this density with random phases, under a sine window with half overlap, which keeps
/// power constant.
pub struct NoiseShaper {
    reader: Arc<PartialReader>,
    transform: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    /// Points on the unit circle, for random phases.
    circle: Vec<Complex<f32>>,
    sample_rate: f64,
    /// Amplitude of a noise bin where the spectrum's magnitude is 1.
    gain: f32,
    /// Spectrum bins from one partial to the next.
    spacing: f64,
}

impl NoiseShaper {
    /// Prepares noise for spectra as `reader` reads them, played at `sample_rate` Hz.
    pub fn new(reader: Arc<PartialReader>, sample_rate: f64) -> Self {
        let layout = *reader.layout();
        let length = ((FRAME_S * sample_rate).log2().round().exp2() as usize).clamp(16, 1 << 14);
        let window = (0..length)
            .map(|n| (std::f64::consts::PI * (n as f64 + 0.5) / length as f64).sin() as f32)
            .collect();
        let circle = (0..256)
            .map(|i| Complex::from_polar(1.0, std::f32::consts::TAU * i as f32 / 256.0))
            .collect();
        // The sum of the squared symmetric Hann window.
        let power = 0.375 * (layout.window_size - 1) as f64;
        let rate = sample_rate / f64::from(layout.sample_rate);
        Self {
            transform: RealFftPlanner::new().plan_fft_inverse(length),
            window,
            circle,
            sample_rate,
            gain: (rate / (power * length as f64)).sqrt() as f32,
            spacing: layout.cycles_per_window as f64 * layout.n_fft as f64
                / layout.window_size as f64,
            reader,
        }
    }

    /// Number of noise bins.
    pub fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// Half the length of a noise frame, samples: the step between frames.
    pub fn hop(&self) -> usize {
        self.window.len() / 2
    }

    /// Share of a spectrum's power that is tone, 0 .. 1, judged by how far the partials stand out of
    /// what lies between them; 0 if the windows hold fewer than 4 cycles, which cannot tell.
    ///
    /// Pitch trackers lose their confidence where notes join and on rough tones, although the partials
    /// stand out there too.
    pub fn comb_share(&self, spectrum: &[f32]) -> f32 {
        if self.reader.layout().cycles_per_window < SEPARABLE_CYCLES {
            return 0.0;
        }
        let power = |bin: f64| {
            let value = self.reader.magnitude(Self::value(spectrum, bin));
            value.clamp(0.0, 1e6).powi(2)
        };
        let (mut partials, mut gaps) = (0.0, 0.0);
        // Whole pairs: a partial, and the gap after it.
        let pairs = ((spectrum.len() as f64 - 1.0) / self.spacing - 0.5).max(0.0) as usize;
        for k in 1..=pairs {
            partials += power(k as f64 * self.spacing);
            gaps += power((k as f64 + 0.5) * self.spacing);
        }
        let all = partials + gaps;
        if all > 0.0 { smoothstep(partials / all, COMB[0], COMB[1]) } else { 0.0 }
    }

    /// Fills `amplitudes`, (bins,), for a spectrum that was analysed at `f0_hz` (0 if its frame has no
    /// pitch and was not stretched) and whose power is tone by the share `tonal`, 0 .. 1.
    pub fn shape(&self, spectrum: &[f32], f0_hz: f64, tonal: f32, amplitudes: &mut [f32]) {
        let layout = self.reader.layout();
        let own_rate = f64::from(layout.sample_rate);
        // Without a pitch the frame was not stretched: ratio 1.
        let unstretched = own_rate * layout.cycles_per_window as f64 / layout.window_size as f64;
        let f0_hz = if f0_hz > 0.0 { f0_hz } else { unstretched };
        let separable = layout.cycles_per_window >= SEPARABLE_CYCLES;
        let highest = own_rate.min(self.sample_rate) / 2.0;
        for (j, amplitude) in amplitudes.iter_mut().enumerate() {
            let frequency = j as f64 * self.sample_rate / self.window.len() as f64;
            *amplitude = 0.0;
            if j == 0 || frequency >= highest {
                continue;
            }
            let harmonic = frequency / f0_hz;
            let mut power = 0.0;
            if tonal < 1.0 {
                power += (1.0 - tonal) * self.power(spectrum, harmonic * self.spacing);
            }
            if separable && tonal > 0.0 {
                // Interpolated in the network's own, compressed scale: between powers, a strong gap
                // would spill over into its neighbours.
                let value = if harmonic > 0.5 {
                    let gap = harmonic - 0.5;
                    let part = gap.fract() as f32;
                    let at = |k: f64| Self::value(spectrum, (k + 0.5) * self.spacing);
                    (1.0 - part) * at(gap.floor()) + part * at(gap.floor() + 1.0)
                } else {
                    // Frames this short cannot show how the noise falls towards 0 Hz. On nine
                    // instruments it falls by 0 to 11 dB an octave, and by 4.5 in the mean.
                    let fall = (2.0 * harmonic).powf(0.75) as f32;
                    Self::value(spectrum, 0.5 * self.spacing) * fall
                };
                let between = self.reader.magnitude(value).clamp(0.0, 1e6);
                power += tonal * (BETWEEN_NOISE * between).powi(2);
            }
            let value = self.gain * power.sqrt();
            if value > 1e-10 {
                *amplitude = value.min(MAX_NOISE_AMPLITUDE);
            }
        }
    }

    /// The spectrum's value at a fractional bin, 0 beyond its last one.
    fn value(spectrum: &[f32], bin: f64) -> f32 {
        let at = |i: usize| spectrum.get(i).copied().unwrap_or(0.0);
        let (whole, part) = (bin as usize, bin.fract() as f32);
        if part > 0.0 { (1.0 - part) * at(whole) + part * at(whole + 1) } else { at(whole) }
    }

    /// Squared magnitude at a fractional bin, 0 beyond the spectrum.
    fn power(&self, spectrum: &[f32], bin: f64) -> f32 {
        let square = |i: usize| {
            spectrum.get(i).map_or(0.0, |&v| self.reader.magnitude(v).clamp(0.0, 1e6).powi(2))
        };
        let (whole, part) = (bin as usize, bin.fract() as f32);
        (1.0 - part) * square(whole) + part * square(whole + 1)
    }
}

/// A generator of noise by overlapping frames with random phases.
#[derive(Clone)]
pub struct Noise {
    random: u64,
    bins: Vec<Complex<f32>>,
    wave: Vec<f32>,
    work: Vec<Complex<f32>>,
    /// The coming samples as far as they are known: one frame's length.
    overlap: Vec<f32>,
    /// Place of the next sample in `overlap`.
    at: usize,
    /// Whether the last frame was silent.
    quiet: bool,
}

impl Noise {
    /// Makes a generator that is silent until its first frame.
    pub fn new(shaper: &NoiseShaper) -> Self {
        let length = shaper.window.len();
        Self {
            random: 1,
            bins: shaper.transform.make_input_vec(),
            wave: shaper.transform.make_output_vec(),
            work: shaper.transform.make_scratch_vec(),
            overlap: vec![0.0; length],
            at: length,
            quiet: true,
        }
    }

    /// Starts again; the same seed gives the same noise.
    pub fn reset(&mut self, seed: u64) {
        // An odd multiple of the golden ratio spreads neighbouring seeds apart.
        self.random = (seed ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        self.overlap.fill(0.0);
        self.at = self.overlap.len();
        self.quiet = true;
    }

    /// Whether [`Self::next_frame`] is due before the next sample.
    pub fn is_due(&self) -> bool {
        self.at >= self.overlap.len() / 2
    }

    /// Makes the frame that begins now, with these amplitudes of the noise bins; allocates nothing.
    pub fn next_frame(&mut self, shaper: &NoiseShaper, amplitude: impl Fn(usize) -> f32) {
        let hop = shaper.hop();
        self.at = 0;
        let mut silent = true;
        for (j, bin) in self.bins.iter_mut().enumerate() {
            let amplitude = amplitude(j);
            silent &= amplitude <= 0.0;
            // xorshift64 (Marsaglia 2003); its high bits choose the phase.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            *bin = shaper.circle[(self.random >> 56) as usize] * amplitude;
        }
        self.overlap.copy_within(hop.., 0);
        self.overlap[hop..].fill(0.0);
        if silent && self.quiet {
            return;
        }
        self.quiet = silent;
        if let Some(last) = self.bins.last_mut() {
            // The transform wants the first and the last bin to be real.
            *last = Complex::default();
        }
        self.bins[0] = Complex::default();
        if shaper
            .transform
            .process_with_scratch(&mut self.bins, &mut self.wave, &mut self.work)
            .is_ok()
        {
            for ((sum, &value), &window) in
                self.overlap.iter_mut().zip(&self.wave).zip(&shaper.window)
            {
                *sum += value * window;
            }
        }
    }

    /// Returns the next sample. If [`Self::is_due`], call [`Self::next_frame`] first.
    #[inline]
    pub fn process(&mut self) -> f32 {
        let value = self.overlap.get(self.at).copied().unwrap_or(0.0);
        self.at += 1;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SpectrumLayout;
    use crate::model::config::Domain;

    fn reader(cycles: usize) -> Arc<PartialReader> {
        let layout = SpectrumLayout {
            domain: Domain::Magnitude,
            window_size: 1024,
            n_fft: 1024,
            n_bins: 513,
            cycles_per_window: cycles,
            sample_rate: 16_000,
        };
        Arc::new(PartialReader::new(&layout).unwrap())
    }

    fn rms(shaper: &NoiseShaper, amplitudes: &[f32], seed: u64) -> (f64, Vec<f32>) {
        let mut noise = Noise::new(shaper);
        noise.reset(seed);
        let sound: Vec<f32> = (0..96_000)
            .map(|_| {
                if noise.is_due() {
                    noise.next_frame(shaper, |j| amplitudes[j]);
                }
                noise.process()
            })
            .collect();
        let power: f64 = sound.iter().map(|v| f64::from(v * v)).sum();
        ((power / 96_000.0).sqrt(), sound)
    }

    #[test]
    fn white_noise_comes_back_at_its_level_whatever_the_pitch() {
        // White noise of RMS 0.1 has this magnitude in every bin of its Hann-windowed spectrum.
        let magnitude = 0.1 * (0.375f32 * 1023.0).sqrt();
        for (cycles, tonal) in [(2, 0.0), (4, 0.0), (4, 1.0)] {
            for (f0_hz, rate) in [(0.0, 16_000.0), (30.0, 48_000.0), (31.0, 44_100.0)] {
                let shaper = NoiseShaper::new(reader(cycles), rate);
                let mut amplitudes = vec![f32::NAN; shaper.bins()];
                let mut spectrum = vec![magnitude; 513];
                if tonal > 0.0 {
                    // Partials are no noise.
                    spectrum[cycles..].iter_mut().step_by(cycles).for_each(|v| *v = 100.0);
                }
                shaper.shape(&spectrum, f0_hz, tonal, &mut amplitudes);
                let (level, sound) = rms(&shaper, &amplitudes, 3);
                // At 30 Hz 513 bins of 2 (4) cycles reach 7.7 (3.8) kHz of the 8 kHz there are.
                let reach = if f0_hz > 0.0 { 512.0 / cycles as f64 * f0_hz / 8000.0 } else { 1.0 };
                // Beside a tone, some of it counts as the tone's.
                let own = if tonal > 0.0 { f64::from(BETWEEN_NOISE) } else { 1.0 };
                let db = 20.0 * (level / (0.1 * own)).log10() - 10.0 * reach.min(1.0).log10();
                assert!(db.abs() < 0.4, "N {cycles}, tonal {tonal}, {f0_hz} Hz: {db} dB");
                assert_eq!(rms(&shaper, &amplitudes, 3).1, sound);
                assert_ne!(rms(&shaper, &amplitudes, 4).1, sound);
            }
        }
    }

    #[test]
    fn partials_that_stand_out_are_tone() {
        let comb = |cycles: usize, partial: f32, between: f32| {
            let mut spectrum = vec![between; 513];
            spectrum[cycles..].iter_mut().step_by(cycles).for_each(|v| *v = partial);
            NoiseShaper::new(reader(cycles), 16_000.0).comb_share(&spectrum)
        };
        assert!(comb(4, 1.0, 0.1) >= 1.0);
        assert!(comb(4, 1.0, 1.0) <= 0.0);
        assert!((0.2..0.8).contains(&comb(4, 1.0, 0.45)));
        assert!(comb(4, 0.0, 0.0) <= 0.0);
        assert!(comb(2, 1.0, 0.1) <= 0.0, "2 cycles do not tell");
        let shaper = NoiseShaper::new(reader(4), 16_000.0);
        for broken in [f32::NAN, f32::INFINITY, -1e30] {
            assert!((0.0..=1.0).contains(&shaper.comb_share(&[broken; 513])), "{broken}");
        }
        assert!(shaper.comb_share(&[]) <= 0.0);
    }

    #[test]
    fn a_pure_tone_has_no_noise() {
        let shaper = NoiseShaper::new(reader(2), 48_000.0);
        let mut amplitudes = vec![f32::NAN; shaper.bins()];
        shaper.shape(&[10.0; 513], 200.0, 1.0, &mut amplitudes);
        assert!(amplitudes.iter().all(|a| a.to_bits() == 0));
        assert!(rms(&shaper, &amplitudes, 1).0 <= 0.0);
        for broken in [f32::NAN, f32::INFINITY, -1e30] {
            shaper.shape(&[broken; 513], 200.0, 0.5, &mut amplitudes);
            assert!(amplitudes.iter().all(|a| (0.0..=MAX_NOISE_AMPLITUDE).contains(a)), "{broken}");
        }
        assert!(tonal_share(0.05) <= 0.0 && tonal_share(0.6) >= 1.0);
    }
}
