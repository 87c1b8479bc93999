//! Correction of partials and noise to the mel band levels that were measured.
//!
//! With as many coefficients as bands, the MFCC are the band levels of the very segment whose spectrum
//! is predicted. Each band has a gain, by which its power misses its level, and the power of a partial
//! or gap is multiplied by the gains of the bands that it lies in: one round of the deconvolution of
//! Richardson (1972) and Lucy (1974).

use multiversion::multiversion;

use super::SPACING;
use super::envelope::{Envelope, EnvelopeFrame};

/// Cycles in the segments whose lobes are known here.
pub(super) const FIT_CYCLES: usize = 4;
/// Largest change of a power.
const LARGEST_GAIN: f32 = 10.0;
/// Levels that the analysis does not go below: what they say is only that a band is no louder.
const FLOOR_DB: f32 = -60.0;
const FLOOR_RANGE_DB: f32 = 6.0;
/// Powers of a band that are too small to compare.
const SILENCE: f32 = 1e-9;
/// So many partials are spread over bands; further up they are narrower than a band.
const WIDE_PARTIALS: usize = 12;
/// Where the power of a partial lies, in bins from its centre, and how much of it: the main lobe of
/// the Hann window of [`FIT_CYCLES`].
const LOBE: [(f32, f32); 8] = [
    (0.0, 0.25),
    (0.25, 0.24),
    (0.5, 0.18),
    (0.75, 0.118),
    (1.0, 0.0625),
    (1.25, 0.0256),
    (1.5, 0.0072),
    (1.75, 0.001),
];
/// The same for the noise in the gap that two of them leave.
const GAP: [(f32, f32); 4] = [(0.0, 0.526), (0.5, 0.395), (1.0, 0.395), (1.5, 0.197)];
/// Bands below the first share of f0 lie under the lowest partial and are left alone; those above the
/// second are corrected in full.
const FROM_F0: (f32, f32) = (0.5, 0.6);

/// The places where the power of partials and gaps is taken, in the order of the partials.
#[derive(Clone, Debug)]
pub(super) struct BandFit {
    /// Harmonic numbers of the places, and the share of its partial's or gap's power at each.
    numbers: Vec<f32>,
    shares: Vec<f32>,
    /// For each partial and the gap below it, how many places end with it.
    ends: Vec<[usize; 2]>,
    /// What partials and gaps of amplitude 1 add to the power of the cycle spectrum.
    powers: [f32; 2],
}

/// Working memory for [`BandFit::correct`].
#[derive(Clone, Debug, Default)]
pub(super) struct FitScratch {
    /// Where each place lies among the bands, and then how far it is above a band.
    places: Vec<f32>,
    /// The band at or below each place; 0 is below the first.
    bands: Vec<u32>,
    /// Power and gain of the bands, with one more on either side for what is below the first and
    /// above the last.
    found: Vec<f32>,
    gains: Vec<f32>,
}

impl BandFit {
    pub fn new(partials: usize) -> Self {
        let powers = [&LOBE[..], &GAP].map(|spread| {
            spread.iter().map(|&(bins, w)| if bins == 0.0 { w } else { 2.0 * w }).sum::<f32>()
        });
        let (mut numbers, mut shares) = (Vec::new(), Vec::new());
        let mut add = |centre: f32, partial: usize, spread: &[(f32, f32)], power: f32| {
            if partial > WIDE_PARTIALS {
                numbers.push(centre);
                shares.push(1.0);
                return numbers.len();
            }
            for &(bins, weight) in spread {
                let sides: &[f32] = if bins == 0.0 { &[0.0] } else { &[-1.0, 1.0] };
                for side in sides {
                    numbers.push(centre + side * bins / SPACING as f32);
                    shares.push(weight / power);
                }
            }
            numbers.len()
        };
        let ends = (1..=partials)
            .map(|partial| {
                let centre = partial as f32;
                let tone = add(centre, partial, &LOBE, powers[0]);
                [tone, add(centre - 0.5, partial, &GAP, powers[1])]
            })
            .collect();
        Self { numbers, shares, ends, powers }
    }

    pub fn scratch(&self, bands: usize) -> FitScratch {
        FitScratch {
            places: vec![0.0; self.numbers.len()],
            bands: vec![0; self.numbers.len()],
            found: vec![0.0; bands + 2],
            gains: vec![0.0; bands + 2],
        }
    }

    /// Corrects the amplitudes of the first `audible` partials and of the noise below them, so that
    /// the bands have the powers `wanted`.
    pub fn correct(
        &self,
        envelope: &Envelope,
        frame: &EnvelopeFrame,
        wanted: &[f32],
        audible: usize,
        amplitudes: &mut [Vec<f32>; 2],
        scratch: &mut FitScratch,
    ) {
        let FitScratch { places, bands, found, gains } = scratch;
        let taps = self.ends[audible - 1][1];
        let (places, bands) = (&mut places[..taps], &mut bands[..taps]);
        envelope.places(&self.numbers[..taps], 0.0, frame.f0_hz, places);
        locate(places, bands, wanted.len());
        found.fill(0.0);
        self.each_part(audible, |partial, which, taps| {
            let power = self.powers[which] * amplitudes[which][partial].powi(2);
            for ((&above, &band), share) in
                places[taps.clone()].iter().zip(&bands[taps.clone()]).zip(&self.shares[taps])
            {
                let (power, band) = (share * power, band as usize);
                found[band] += (1.0 - above) * power;
                found[band + 1] += above * power;
            }
        });
        fill_gains(&envelope.centre_hz, frame, wanted, found, gains);
        self.each_part(audible, |partial, which, taps| {
            let mut gain = 0.0;
            for ((&above, &band), share) in
                places[taps.clone()].iter().zip(&bands[taps.clone()]).zip(&self.shares[taps])
            {
                let (low, high) = (gains[band as usize], gains[band as usize + 1]);
                gain += share * (low + above * (high - low));
            }
            amplitudes[which][partial] *= gain.sqrt();
        });
    }

    /// Calls `act` with each partial from 0, whether it is the partial or the gap below it, and the
    /// range of its places.
    fn each_part(&self, audible: usize, mut act: impl FnMut(usize, usize, std::ops::Range<usize>)) {
        let mut start = 0;
        for (partial, ends) in self.ends[..audible].iter().enumerate() {
            for (which, &end) in ends.iter().enumerate() {
                act(partial, which, start..end);
                start = end;
            }
        }
    }
}

/// The factor by which each band's power is changed.
fn fill_gains(
    centre_hz: &[f32],
    frame: &EnvelopeFrame,
    wanted: &[f32],
    found: &[f32],
    gains: &mut [f32],
) {
    let bands = wanted.len();
    let (below, above) = FROM_F0;
    let inner = gains[1..=bands].iter_mut().zip(wanted.iter().zip(&found[1..=bands]));
    let of_band = frame.levels(bands).iter().zip(centre_hz);
    for ((gain, (wanted, found)), (level, hz)) in inner.zip(of_band) {
        let audible = ((level - FLOOR_DB) / FLOOR_RANGE_DB).clamp(0.0, 1.0);
        let largest = 1.0 + (LARGEST_GAIN - 1.0) * audible;
        let wish = (wanted + SILENCE) / (found + SILENCE);
        let corrected = ((hz / frame.f0_hz - below) / (above - below)).clamp(0.0, 1.0);
        *gain = 1.0 + corrected * (wish.clamp(1.0 / LARGEST_GAIN, largest) - 1.0);
    }
    gains[0] = gains[1];
    gains[bands + 1] = gains[bands];
}

/// Turns places into the bands at or below them, counted from 1, and how far it is from there to the
/// next.
#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn locate(places: &mut [f32], below: &mut [u32], bands: usize) {
    let last = bands as f32;
    for (place, below) in places.iter_mut().zip(below) {
        let from_one = place.clamp(-1.0, last) + 1.0;
        let index = (from_one as i32).min(bands as i32);
        *below = index as u32;
        *place = from_one - index as f32;
    }
}
