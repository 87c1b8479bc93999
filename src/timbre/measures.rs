//! What is measured on a frame of sound to find the directions in which it can be steered.

/// A frame's loudness, brightness, breath and odd/even balance.
///
/// # Units
/// Loudness in dB, up to a constant that is the same for all frames. Brightness in octaves above 1
/// Hz. Breath, the noise between partials beside the whole, in dB. Odd/even balance, the odd
/// partials' level minus that of the even ones, in dB.
pub type Measured = [f64; 4];

/// Names of the measures, their units and what a larger value means.
pub const MEASURES: [(&str, &str, &str); 4] = [
    ("loudness", "dB", "louder"),
    ("brightness", "octaves", "the centre of the spectrum is higher, at the same loudness"),
    ("breath", "dB", "more noise between the partials"),
    ("odd/even balance", "dB", "odd partials are stronger, even ones weaker"),
];

/// Bins from one partial to the next below which there is no noise to be told from the partials.
const LEAST_SPACING: f64 = 3.0;
/// Power of a spectrum that counts as silent.
const SILENCE: f64 = 1e-12;
/// Added to the shares of the power, so that a spectrum without noise or even partials has a level of
/// these too.
const LEAST_SHARE: f64 = 1e-6;

/// Measures a cycle spectrum, (K,), of ln(1 + magnitude).
///
/// `bins_per_partial` is the distance of partials. The spectral centroid is that of the magnitudes, as
/// librosa computes it; the odd/even balance follows G. Peeters, *A large set of audio features*
/// (2004), section 6.2. `None` if the frame has no pitch, is silent or holds a value that is not finite.
pub fn measure(spectrum: &[f32], bins_per_partial: f64, f0_hz: f32) -> Option<Measured> {
    let f0_hz = f64::from(f0_hz);
    if f0_hz.is_nan() || f0_hz <= 0.0 {
        return None;
    }
    let magnitude = |bin: usize| f64::from(spectrum[bin]).exp_m1();
    let (mut sum, mut moment, mut power) = (0.0, 0.0, 0.0);
    for bin in 0..spectrum.len() {
        let size = magnitude(bin);
        sum += size;
        moment += size * bin as f64 / bins_per_partial * f0_hz;
        power += size * size;
    }
    let (mut parity, mut noise) = ([0.0; 2], 0.0);
    for number in 1.. {
        let place = f64::from(number) * bins_per_partial;
        let bin = place.round() as usize;
        if bin >= spectrum.len() {
            break;
        }
        parity[number as usize % 2] += magnitude(bin).powi(2);
        let between = (place - 0.5 * bins_per_partial).round() as usize;
        noise += magnitude(between).powi(2) * bins_per_partial;
    }
    let db = |power: f64| 10.0 * power.log10();
    let share = |part: f64| db(part / power + LEAST_SHARE);
    let breath = if bins_per_partial < LEAST_SPACING { 0.0 } else { share(noise) };
    let measured =
        [db(power * f0_hz), (moment / sum).log2(), breath, share(parity[1]) - share(parity[0])];
    (power > SILENCE && measured.iter().all(|value| value.is_finite())).then_some(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spectrum with partials four bins apart, and noise between them.
    fn spectrum(levels: &[f32], noise: f32) -> Vec<f32> {
        let mut bins = vec![noise.ln_1p(); 4 * levels.len() + 1];
        for (k, level) in levels.iter().enumerate() {
            bins[4 * (k + 1)] = level.ln_1p();
        }
        bins
    }

    #[test]
    fn each_measure_moves_with_its_own_kind_of_change() {
        let of = |levels: &[f32], noise| measure(&spectrum(levels, noise), 4.0, 220.0).unwrap();
        let plain = of(&[1.0, 0.5, 0.25, 0.125], 0.0);
        let louder = of(&[2.0, 1.0, 0.5, 0.25], 0.0);
        assert!((louder[0] - plain[0] - 6.0206).abs() < 1e-3);
        for which in 1..4 {
            assert!((louder[which] - plain[which]).abs() < 1e-3, "{which}");
        }
        // (1 * 1 + .5 * 2 + .25 * 3 + .125 * 4) / 1.875 * 220 Hz.
        assert!((plain[1] - (220.0f64 * 3.25 / 1.875).log2()).abs() < 1e-3);
        let breathy = of(&[1.0, 0.5, 0.25, 0.125], 0.1);
        assert!(breathy[2] > plain[2] + 20.0);
        let hollow = of(&[1.0, 0.05, 0.25, 0.0125], 0.0);
        assert!((hollow[3] - plain[3] - 20.0).abs() < 1e-2, "{hollow:?} {plain:?}");
    }

    #[test]
    fn frames_without_pitch_or_sound_are_left_out() {
        let bins = spectrum(&[1.0, 0.5], 0.1);
        assert_eq!(measure(&bins, 4.0, 0.0), None);
        assert_eq!(measure(&bins, 4.0, f32::NAN), None);
        assert_eq!(measure(&[0.0; 9], 4.0, 220.0), None);
        assert_eq!(measure(&[], 4.0, 220.0), None);
        assert_eq!(measure(&[f32::NAN; 9], 4.0, 220.0), None);
        // Bins that hold partials and the flanks of their window cannot tell what lies between.
        assert_eq!(measure(&bins, 2.0, 220.0).unwrap()[2], 0.0);
    }
}
