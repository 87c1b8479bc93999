//! What of a quantity goes with the pitch alone.

/// Share of a power's mean square below which it is the same for all frames.
const SAME_PITCH: f64 = 1e-9;
/// Powers of the pitch by which the inputs' and the measures' dependence on it is taken out.
const POWERS: usize = 3;

/// The part of a quantity that follows the pitch: a polynomial.
pub(super) struct Trend {
    /// Orthogonal polynomials of the pitch, each of mean square 1 over the frames: the values in the
    /// frames, (T,), and at the rest's pitch.
    basis: Vec<(Vec<f64>, f64)>,
}

impl Trend {
    /// The trend over frames of these pitches, binary logarithms of Hz, and at the rest's pitch.
    pub fn new(octaves: &[f64], rest_octave: f64) -> Self {
        let mean = octaves.iter().sum::<f64>() / octaves.len().max(1) as f64;
        let (low, high) = octaves
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &o| (low.min(o), high.max(o)));
        // A polynomial says nothing beyond the frames' pitches.
        let rest_octave = rest_octave.max(low).min(high);
        let mut trend = Self { basis: Vec::new() };
        for power in 0..POWERS {
            let raise = |octave: f64| (octave - mean).powi(power as i32);
            let raw: Vec<f64> = octaves.iter().map(|&octave| raise(octave)).collect();
            let before = mean_product(&raw, &raw);
            let at_rest = raise(rest_octave) - trend.at_rest(&raw);
            let mut next = trend.without(raw);
            let size = mean_product(&next, &next);
            if size > SAME_PITCH * before.max(1e-3) {
                next.iter_mut().for_each(|v| *v /= size.sqrt());
                trend.basis.push((next, at_rest / size.sqrt()));
            }
        }
        trend
    }

    /// The values without their mean and what follows the pitch.
    pub fn without(&self, mut values: Vec<f64>) -> Vec<f64> {
        for (basis, _) in &self.basis {
            let share = mean_product(&values, basis);
            for (value, b) in values.iter_mut().zip(basis) {
                *value -= share * b;
            }
        }
        values
    }

    /// What is to be expected at the rest's pitch.
    pub fn at_rest(&self, values: &[f64]) -> f64 {
        self.basis.iter().map(|(basis, at_rest)| mean_product(values, basis) * at_rest).sum()
    }
}

/// Mean of the products of two quantities over the frames.
pub(super) fn mean_product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / a.len().max(1) as f64
}
