//! Reads the amplitudes that partials had in the analysed sound, and one window of waveform, off a
//! cycle spectrum.

use crate::model::SpectrumLayout;
use crate::model::config::Domain;
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// Bound on the amplitude of a partial. No sound within [-1, 1] has a louder one, so larger values come
/// from a broken network.
pub const MAX_PARTIAL_AMPLITUDE: f32 = 4.0;
/// Partials below this amplitude, -200 dB, are taken as silent.
const MIN_AMPLITUDE: f32 = 1e-10;

/// One partial's place in the spectrum.
#[derive(Clone, Copy, Debug)]
struct Place {
    bin: usize,
    /// Amplitude of a partial whose magnitude in that bin is 1.
    gain: f32,
}

/// Reads partial amplitudes off cycle spectra.
///
/// A cycle frame holds N cycles in W samples, and its transform has F points, so partial k stands at
/// bin k N F / W. There a partial of amplitude a has the magnitude a / 2 |H(d)| / sqrt(r). H is the
/// transform of the symmetric Hann window at the distance d of the nearest bin from the partial;
/// r = f0 W / (R N), with the sampling rate R, is the stretch of the cycles, by whose square root
/// librosa's energy-preserving resampling divides. Both factors are undone. With 2 cycles or more,
/// neighbouring partials stand in the zeros of the window's transform; with 1 cycle they overlap, and
/// the levels are approximate.
#[derive(Clone, Debug)]
pub struct PartialReader {
    layout: SpectrumLayout,
    places: Vec<Place>,
}

impl PartialReader {
    /// Prepares to read spectra of this layout.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] if the layout is inconsistent or holds not even one partial.
    pub fn new(layout: &SpectrumLayout) -> crate::Result<Self> {
        layout.validate()?;
        let spacing = layout.bins_per_partial();
        let places: Vec<Place> = (1..=layout.n_bins)
            .map(|k| k as f64 * spacing)
            .take_while(|&exact| {
                // Bin n_fft / 2 is the Nyquist frequency of the cycle frame.
                exact < layout.n_fft as f64 / 2.0 && exact.round() < layout.n_bins as f64
            })
            .map(|exact| {
                let bin = exact.round();
                let response =
                    hann_response(layout.window_size, (exact - bin) / layout.n_fft as f64);
                Place { bin: bin as usize, gain: (2.0 / response) as f32 }
            })
            .collect();
        if places.is_empty() {
            return Err(crate::Error::parameter(format!(
                "n_bins is {}, too few for even one partial, wanted more than {spacing}",
                layout.n_bins
            )));
        }
        Ok(Self { layout: *layout, places })
    }

    /// Number of partials that a spectrum holds.
    pub fn partials(&self) -> usize {
        self.places.len()
    }

    /// The layout of the spectra that it reads.
    pub fn layout(&self) -> &SpectrumLayout {
        &self.layout
    }

    /// Factor by which a cycle frame stretches the cycles of a sound with this f0 in Hz.
    pub fn ratio(&self, f0_hz: f64) -> f64 {
        let layout = &self.layout;
        f0_hz * layout.window_size as f64
            / (f64::from(layout.sample_rate) * layout.cycles_per_window as f64)
    }

    /// Fills `amplitudes`, (partials,), with those that the sound had at the analysed `f0_hz`.
    ///
    /// All values are finite, between 0 and 4, and none is a denormal. They are all 0 if `f0_hz` is
    /// not above 0.
    pub fn read(&self, spectrum: &[f32], f0_hz: f64, amplitudes: &mut [f32]) {
        let level = self.ratio(f0_hz).sqrt();
        let level = if level.is_finite() { level as f32 } else { 0.0 };
        for (place, amplitude) in self.places.iter().zip(amplitudes.iter_mut()) {
            let magnitude = spectrum.get(place.bin).map_or(0.0, |&v| self.magnitude(v));
            let value = magnitude * place.gain * level;
            *amplitude =
                if value >= MIN_AMPLITUDE { value.min(MAX_PARTIAL_AMPLITUDE) } else { 0.0 };
        }
    }

    /// The magnitude that a spectrum value stands for.
    pub fn magnitude(&self, value: f32) -> f32 {
        match self.layout.domain {
            Domain::Log1p => value.exp_m1(),
            Domain::Magnitude => value,
        }
    }

    /// The spectrum value that stands for a magnitude.
    pub fn value(&self, magnitude: f32) -> f32 {
        match self.layout.domain {
            Domain::Log1p => magnitude.ln_1p(),
            Domain::Magnitude => magnitude,
        }
    }
}

/// Magnitude of the symmetric Hann window's transform at `frequency` cycles a sample.
fn hann_response(size: usize, frequency: f64) -> f64 {
    let tau = std::f64::consts::TAU;
    let sum: Complex<f64> = (0..size)
        .map(|n| {
            let window = 0.5 - 0.5 * (tau * n as f64 / (size - 1) as f64).cos();
            Complex::from_polar(window, -tau * frequency * n as f64)
        })
        .sum();
    sum.norm()
}

/// One window of waveform, (window_size,), from one predicted spectrum: the inverse real Fourier
/// transform of its magnitudes, with all phases zero.
///
/// It shows spectra as waveforms that can be laid over one another; the oscillator does not use it. The
/// peak lies in the middle of the window.
///
/// # Errors
/// [`crate::Error::Parameter`] if the layout is inconsistent or the spectrum's length is not `n_bins`.
pub fn cycle_waveform(spectrum: &[f32], layout: &SpectrumLayout) -> crate::Result<Vec<f32>> {
    let reader = PartialReader::new(layout)?;
    if spectrum.len() != layout.n_bins {
        return Err(crate::Error::parameter(format!(
            "the spectrum has {} bins, wanted {}",
            spectrum.len(),
            layout.n_bins
        )));
    }
    let transform = RealFftPlanner::<f32>::new().plan_fft_inverse(layout.n_fft);
    let mut bins = transform.make_input_vec();
    for (bin, &value) in bins.iter_mut().zip(spectrum) {
        let magnitude = reader.magnitude(value);
        bin.re = if magnitude.is_finite() { magnitude / layout.n_fft as f32 } else { 0.0 };
    }
    let mut wave = transform.make_output_vec();
    transform
        .process(&mut bins, &mut wave)
        .map_err(|e| crate::Error::parameter(format!("inverse transform: {e}")))?;
    wave.rotate_right(layout.window_size / 2);
    wave.truncate(layout.window_size);
    Ok(wave)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(cycles: usize, n_fft: usize) -> SpectrumLayout {
        SpectrumLayout {
            domain: Domain::Log1p,
            window_size: 1024,
            n_fft,
            n_bins: n_fft / 2 + 1,
            cycles_per_window: cycles,
            sample_rate: 16_000,
        }
    }

    /// The analysis of an ideal stretched tone, from its definition.
    fn analyse(amplitudes: &[f64], f0_hz: f64, layout: &SpectrumLayout) -> Vec<f32> {
        let tau = std::f64::consts::TAU;
        let (size, n_fft) = (layout.window_size, layout.n_fft);
        let ratio =
            f0_hz * size as f64 / (f64::from(layout.sample_rate) * layout.cycles_per_window as f64);
        let frame: Vec<f64> = (0..size)
            .map(|n| {
                let cycle = layout.cycles_per_window as f64 * n as f64 / size as f64;
                let window = 0.5 - 0.5 * (tau * n as f64 / (size - 1) as f64).cos();
                let partials = amplitudes.iter().enumerate().map(|(i, a)| {
                    let k = (i + 1) as f64;
                    a * (tau * k * cycle + 0.7 * k * k).cos()
                });
                window * partials.sum::<f64>() / ratio.sqrt()
            })
            .collect();
        (0..layout.n_bins)
            .map(|bin| {
                let sum: Complex<f64> = frame
                    .iter()
                    .enumerate()
                    .map(|(n, x)| {
                        let turn = (bin * n % n_fft) as f64 / n_fft as f64;
                        Complex::from_polar(*x, -tau * turn)
                    })
                    .sum();
                sum.norm().ln_1p() as f32
            })
            .collect()
    }

    #[test]
    fn partials_of_an_analysed_tone_come_back() {
        let amplitudes: Vec<f64> =
            [0.4, 0.03, 0.2, 0.1, 0.002, 0.05, 0.01, 0.02, 0.02, 0.01].to_vec();
        for (cycles, n_fft) in [(2, 1024), (3, 1024), (4, 1024), (2, 1500), (3, 2048)] {
            for f0_hz in [55.0, 440.0] {
                let layout = layout(cycles, n_fft);
                let spectrum = analyse(&amplitudes, f0_hz, &layout);
                let reader = PartialReader::new(&layout).unwrap();
                let mut read = vec![0.0; reader.partials()];
                reader.read(&spectrum, f0_hz, &mut read);
                for (k, (&wanted, &got)) in amplitudes.iter().zip(&read).enumerate() {
                    // A symmetric window's zeros lie a thousandth beside the bins: a little of
                    // the neighbours leaks in. Fractional bins stand on its side lobes.
                    let below = k.checked_sub(1).map_or(0.0, |k| amplitudes[k]);
                    let beside = below + amplitudes.get(k + 1).unwrap_or(&0.0);
                    let leak = if n_fft == 1500 { 5e-3 * 0.4 } else { 5e-4 * beside };
                    let tenth_db = 0.0116 * wanted;
                    let error = (f64::from(got) - wanted).abs();
                    assert!(
                        error < tenth_db + leak,
                        "N {cycles}, n_fft {n_fft}, k {}: {got} instead of {wanted}",
                        k + 1
                    );
                }
                assert!(read[amplitudes.len()..].iter().all(|&a| a < 2e-3));
            }
        }
    }

    #[test]
    fn nothing_broken_leaves() {
        let layout = layout(2, 1024);
        let reader = PartialReader::new(&layout).unwrap();
        let mut read = vec![0.0; reader.partials()];
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -3.0, 1e-38] {
            for f0_hz in [0.0, -1.0, 100.0, f64::NAN, f64::INFINITY] {
                reader.read(&vec![value; layout.n_bins], f0_hz, &mut read);
                assert!(
                    read.iter().all(|a| (0.0..=MAX_PARTIAL_AMPLITUDE).contains(a)),
                    "{value} {f0_hz}"
                );
            }
        }
    }
}
