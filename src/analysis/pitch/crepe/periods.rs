//! Finds a frame's exact period, given how similar the frame is to itself at every lag.

use super::FRAME;
use crate::analysis::frame::{copy_finite, remove_mean};
use crate::analysis::sums::{LANES, total};
use multiversion::multiversion;

/// Longest lag, in samples, to which several periods are followed for precision.
const LONG_LAG: f64 = 400.0;
/// Relative deviation from a bin's centre within which the period is sought: 35 cents. Further away,
/// a higher peak is more often noise than the period.
const SEARCH: f64 = 0.02;
/// Similarity above which only a stretch in the frame's middle is measured. In sounds this clear,
/// vibrato and glides blur the whole frame more than noise blurs the stretch.
const SHARPEN_FROM: f64 = 0.8;

/// A period in samples, and the similarity of the sound one period later, up to 1.
#[derive(Clone, Copy)]
pub(super) struct Period {
    pub lag: f64,
    pub clarity: f64,
}

/// The exact period near `lag` samples, given a frame's similarity at every lag.
///
/// The peak near one period is followed to two, four, ... periods, which divides its error.
pub(super) fn refine(similarity: &[f32], lag: f64) -> Period {
    let Some((exact, clarity)) = peak(similarity, lag, SEARCH * lag) else {
        let nearest = (lag.round() as usize).min(similarity.len() - 1);
        return Period { lag, clarity: f64::from(similarity[nearest]) };
    };
    let mut found = Period { lag: exact, clarity };
    let mut periods = 2.0;
    while periods * found.lag <= LONG_LAG {
        match peak(similarity, periods * found.lag, 1.2) {
            Some((exact, height)) if height > 0.8 * clarity => found.lag = exact / periods,
            _ => break,
        }
        periods *= 2.0;
    }
    found
}

/// The period measured once more on five periods in the middle of the frame that begins at `start`,
/// if it is clear enough.
pub(super) fn sharpen(audio: &[f32], start: isize, period: Period) -> Period {
    if period.clarity < SHARPEN_FROM {
        return period;
    }
    let mut frame = [0.0_f32; FRAME];
    copy_finite(audio, start, &mut frame);
    let span = ((5.0 * period.lag) as usize).clamp(320, FRAME);
    let stretch = &mut frame[(FRAME - span) / 2..][..span];
    remove_mean(stretch);
    let periods = (0.4 * span as f64 / period.lag).round().max(1.0);
    let lag = periods * period.lag;
    let reach = (0.02 * lag).max(1.0);
    let first = (lag - reach) as usize - 1;
    let last = ((lag + reach).ceil() as usize + 1).min(span - 32);
    let similarity: Vec<f32> = (first..=last).map(|lag| similarity_at(stretch, lag)).collect();
    let Some((position, _)) = peak(&similarity, lag - first as f64, reach) else { return period };
    let sharpened = (position + first as f64) / periods;
    // A result that is further away belongs to another peak.
    if (sharpened / period.lag - 1.0).abs() < 0.02 {
        Period { lag: sharpened, ..period }
    } else {
        period
    }
}

#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn similarity_at(samples: &[f32], lag: usize) -> f32 {
    let (before, before_rest) = samples[..samples.len() - lag].as_chunks::<LANES>();
    let (after, after_rest) = samples[lag..].as_chunks::<LANES>();
    let (mut products, mut energies) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    for (a, b) in before.iter().zip(after) {
        for i in 0..LANES {
            products[i] += a[i] * b[i];
            energies[i] += a[i] * a[i] + b[i] * b[i];
        }
    }
    for (i, (a, b)) in before_rest.iter().zip(after_rest).enumerate() {
        products[i] += a * b;
        energies[i] += a * a + b * b;
    }
    let (product, energy) = (total(products), total(energies));
    if energy > 0.0 { 2.0 * product / energy } else { 0.0 }
}

/// Position and height of the highest point within `reach` of `lag`, by a parabola through it and
/// its neighbours; `None` if that is not a peak.
fn peak(similarity: &[f32], lag: f64, reach: f64) -> Option<(f64, f64)> {
    let reach = reach.max(1.0);
    let first = ((lag - reach).max(1.0)) as usize;
    let last = ((lag + reach).ceil() as usize).min(similarity.len().checked_sub(2)?);
    let top = (first..=last).reduce(|a, b| if similarity[b] > similarity[a] { b } else { a })?;
    let at = |i: usize| f64::from(similarity[i]);
    let (before, here, after) = (at(top.checked_sub(1)?), at(top), at(top + 1));
    if before > here || after > here {
        return None;
    }
    let curvature = before - 2.0 * here + after;
    let offset = if curvature < 0.0 { 0.5 * (before - after) / curvature } else { 0.0 };
    Some((top as f64 + offset, here - 0.25 * (before - after) * offset))
}

/// Height of the largest peak at `lag / 2`, `lag / 3`, ... below `shortest`. Such a peak is the
/// period of a tone above the network's range, of which the network hears a subharmonic.
///
/// A peak without a valley before it comes from hiss over a low sound and is ignored.
pub(super) fn overtone(similarity: &[f32], lag: f64, shortest: f64) -> f64 {
    let divisors = (2..).map(f64::from).map(|m| lag / m).take_while(|&short| short >= 2.0);
    let peaks = divisors.filter(|&short| short < shortest).filter_map(|short| {
        let (at, height) = peak(similarity, short, 0.0)?;
        let valley = similarity[1..=short as usize].iter().copied().fold(1.0, f32::min);
        ((at - short).abs() < 0.5 && f64::from(valley) < 0.5 * height).then_some(height)
    });
    peaks.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarities_are_those_of_sums_in_double_precision() {
        let samples: Vec<f32> = (0..FRAME).map(|i| ((i * i) as f32 * 1e-3).sin() + 0.1).collect();
        for length in [40, 320, FRAME] {
            let samples = &samples[..length];
            for lag in [1, 2, 31, 32, 33] {
                let pairs = samples.iter().zip(&samples[lag..]);
                let (product, energy) = pairs.fold((0.0, 0.0), |(product, energy), (&a, &b)| {
                    let (a, b) = (f64::from(a), f64::from(b));
                    (product + a * b, energy + a * a + b * b)
                });
                let similarity = f64::from(similarity_at(samples, lag));
                assert!((similarity - 2.0 * product / energy).abs() < 3e-7, "{length}, {lag}");
            }
        }
    }
}
