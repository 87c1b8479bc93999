//! Named directions in the space of a network's inputs: what a player can move where no hand can move
//! all inputs.
//!
//! A direction is the change of all inputs that goes with one unit of something that is heard. It is
//! measured on the sounds that a model was trained on, so that moving along it stays among them.

use ndarray::ArrayRef2;

use super::symmetric::Matrix;
use super::trend::{Trend, mean_product};
use crate::{Error, Result};

/// Most directions of a model.
pub const MOST_DIRECTIONS: usize = 12;
/// Fewest frames that directions are measured on.
const FEWEST_FRAMES: usize = 50;
/// Shares of the frames that lie below the lowest and above the highest amount of a direction.
const OUTSIDE: f64 = 0.01;
/// A principal direction explains at least this share of what the named ones leave.
const LEAST_SHARE: f64 = 1e-3;
/// A measure counts as one of its own if the inputs tell at least this share of its variance apart
/// from the others.
const LEAST_OWN_SHARE: f64 = 1e-4;

/// A named direction in the space of a network's inputs, and how far to go along it.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    /// What it moves, such as "brightness".
    pub name: String,
    /// The unit of its amounts, such as "dB".
    pub unit: String,
    /// What a larger amount means.
    pub meaning: String,
    /// Change of each of the network's inputs in one unit, (C,).
    pub vector: Vec<f32>,
    /// Lowest amount among the sounds that it was measured on, 0 or less; 0 is the model's rest.
    pub low: f32,
    /// Highest amount among these sounds, 0 or more.
    pub high: f32,
    /// Standard deviation of the amounts of these sounds.
    pub spread: f32,
}

impl Direction {
    /// The amount at a place on the scale from -1, the lowest, over 0, the rest, to 1, the highest;
    /// places beyond it count as its ends.
    pub fn amount(&self, place: f32) -> f32 {
        let place = place.clamp(-1.0, 1.0);
        place * if place < 0.0 { -self.low } else { self.high }
    }
}

/// Something that is heard, measured on the frames that directions are fitted to.
#[derive(Clone, Debug)]
pub struct Measure<'a> {
    /// Name of its direction.
    pub name: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// What a larger value means.
    pub meaning: &'a str,
    /// Its value in each frame, (T,).
    pub values: &'a [f64],
}

/// The frames that directions are fitted to.
#[derive(Clone, Copy, Debug)]
pub struct FramesToFit<'a> {
    /// The network's inputs, (T, C).
    pub inputs: &'a ArrayRef2<f32>,
    /// Binary logarithm of each frame's pitch in Hz, (T,).
    pub octaves: &'a [f64],
    /// The model's resting inputs, (C,), at which all amounts are 0.
    pub rest: &'a [f32],
    /// Binary logarithm of the pitch in Hz that goes with these.
    pub rest_octave: f64,
    /// How much a unit of each input counts among the principal directions, (C,); 0 for inputs that
    /// follow the others.
    pub weights: &'a [f32],
    /// The inputs that are left where they are, such as the pitch.
    pub fixed: &'a [usize],
}

/// Finds a direction for each measure, then the principal ones of what these leave, at most
/// [`MOST_DIRECTIONS`] in all.
///
/// A measure's direction is the change of the inputs that is to be expected, over the frames, with one
/// unit of this measure while the pitch and the other measures stay: a regression of the inputs on what
/// they tell of the measures. It moves what the inputs tell of its measure by one unit and leaves what
/// they tell of the others alone. A measure that does not vary, or that the others determine, gets none.
/// The principal directions move none of the measures; their unit is one standard deviation.
///
/// # Errors
/// [`Error::Parameter`] if there are fewer than 50 frames.
///
/// # Panics
/// If the lengths differ from those above.
pub fn fit(frames: &FramesToFit<'_>, measures: &[Measure<'_>]) -> Result<Vec<Direction>> {
    let (count, width) = frames.inputs.dim();
    if count < FEWEST_FRAMES {
        return Err(Error::parameter(format!(
            "there are {count} frames that sound with a pitch, wanted at least {FEWEST_FRAMES} to \
             measure directions"
        )));
    }
    let free: Vec<usize> = (0..width).filter(|index| !frames.fixed.contains(index)).collect();
    let trend = Trend::new(frames.octaves, frames.rest_octave);
    let column = |index: usize| -> Vec<f64> {
        frames.inputs.column(index).iter().map(|&v| f64::from(v)).collect()
    };
    // Amounts are counted from the rest, as it is beside other sounds of its pitch.
    let offsets: Vec<f64> = free
        .iter()
        .map(|&index| trend.at_rest(&column(index)) - f64::from(frames.rest[index]))
        .collect();
    let inputs: Vec<Vec<f64>> = free.iter().map(|&index| trend.without(column(index))).collect();
    let heard: Vec<Vec<f64>> = measures.iter().map(|m| trend.without(m.values.to_vec())).collect();
    let mut covariance = Matrix::zeros(free.len());
    for (i, a) in inputs.iter().enumerate() {
        for (j, b) in inputs.iter().enumerate().take(i + 1) {
            let value = mean_product(a, b);
            covariance.data[i * free.len() + j] = value;
            covariance.data[j * free.len() + i] = value;
        }
    }
    let Named { kept, readings, vectors } = named(&covariance, &inputs, &heard);
    let weights: Vec<f64> = free.iter().map(|&i| f64::from(frames.weights[i])).collect();
    let room = MOST_DIRECTIONS.saturating_sub(kept.len());
    let (principal_readings, principal_vectors) =
        principal(&covariance, &readings, &vectors, &weights, room);

    let finish = |(name, unit, meaning): (String, &str, &str), reading: &[f64], vector: &[f64]| {
        let from: f64 = reading.iter().zip(&offsets).map(|(a, b)| a * b).sum();
        let mut amounts = vec![from; count];
        for (weight, column) in reading.iter().zip(&inputs) {
            for (amount, value) in amounts.iter_mut().zip(column) {
                *amount += weight * value;
            }
        }
        let mean = amounts.iter().sum::<f64>() / count as f64;
        let spread = amounts.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / count as f64;
        amounts.sort_by(f64::total_cmp);
        let outside = (OUTSIDE * count as f64) as usize;
        let mut whole = vec![0.0; width];
        for (&index, &value) in free.iter().zip(vector) {
            whole[index] = value as f32;
        }
        Direction {
            name,
            unit: unit.into(),
            meaning: meaning.into(),
            vector: whole,
            low: amounts[outside].min(0.0) as f32,
            high: amounts[count - 1 - outside].max(0.0) as f32,
            spread: spread.sqrt() as f32,
        }
    };
    let mut directions = Vec::new();
    for ((&which, reading), vector) in kept.iter().zip(&readings).zip(&vectors) {
        let measure = &measures[which];
        let words = (measure.name.to_owned(), measure.unit, measure.meaning);
        directions.push(finish(words, reading, vector));
    }
    for (number, (reading, vector)) in principal_readings.iter().zip(&principal_vectors).enumerate()
    {
        let words = (
            format!("principal {}", number + 1),
            "σ",
            "further along what differs most among the sounds beside the above",
        );
        directions.push(finish(words, reading, vector));
    }
    Ok(directions)
}

/// The directions of the measures.
struct Named {
    /// Which measures have one.
    kept: Vec<usize>,
    /// What the inputs tell of each amount: a linear function of them.
    readings: Vec<Vec<f64>>,
    vectors: Vec<Vec<f64>>,
}

fn named(covariance: &Matrix, inputs: &[Vec<f64>], heard: &[Vec<f64>]) -> Named {
    let inverse = covariance.inverse();
    let with_inputs = |measure: &[f64]| -> Vec<f64> {
        inputs.iter().map(|column| mean_product(column, measure)).collect()
    };
    let shared: Vec<Vec<f64>> = heard.iter().map(|measure| with_inputs(measure)).collect();
    // What the inputs tell of each measure, by least squares.
    let told: Vec<Vec<f64>> = shared.iter().map(|shared| inverse.times(shared)).collect();
    let mut kept: Vec<usize> = Vec::new();
    for (which, measure) in heard.iter().enumerate() {
        let variance = mean_product(measure, measure);
        let mut own = told_together(&shared, &told, &[&kept[..], &[which]].concat());
        let last = kept.len();
        let (apart, others) = own_variance(&mut own, last);
        if apart > LEAST_OWN_SHARE * variance.max(others) && variance > 1e-12 {
            kept.push(which);
        }
    }
    let inverse = told_together(&shared, &told, &kept).inverse();
    let vectors = (0..kept.len())
        .map(|j| {
            let mut vector = vec![0.0; inputs.len()];
            for (i, &which) in kept.iter().enumerate() {
                for (sum, value) in vector.iter_mut().zip(&shared[which]) {
                    *sum += value * inverse.get(i, j);
                }
            }
            vector
        })
        .collect();
    let readings = kept.iter().map(|&which| told[which].clone()).collect();
    Named { kept, readings, vectors }
}

/// Covariance of what the inputs tell of some measures.
fn told_together(shared: &[Vec<f64>], told: &[Vec<f64>], which: &[usize]) -> Matrix {
    let mut matrix = Matrix::zeros(which.len());
    for (i, &a) in which.iter().enumerate() {
        for (j, &b) in which.iter().enumerate() {
            let product = |a: usize, b: usize| -> f64 {
                told[a].iter().zip(&shared[b]).map(|(x, y)| x * y).sum()
            };
            // The two are equal but for rounding.
            matrix.add(i, j, 0.5 * (product(a, b) + product(b, a)));
        }
    }
    matrix
}

/// Variance of the last variable that the others do not tell, by elimination, and its whole variance.
fn own_variance(covariance: &mut Matrix, last: usize) -> (f64, f64) {
    let whole = covariance.get(last, last);
    for pivot in 0..last {
        let value = covariance.get(pivot, pivot);
        for row in pivot + 1..=last {
            let factor = covariance.get(row, pivot) / value;
            for column in pivot..=last {
                covariance.add(row, column, -factor * covariance.get(pivot, column));
            }
        }
    }
    (covariance.get(last, last), whole)
}

/// The principal directions of what the named ones leave, and how to read amounts of them: at most
/// `room`.
fn principal(
    covariance: &Matrix,
    readings: &[Vec<f64>],
    vectors: &[Vec<f64>],
    weights: &[f64],
    room: usize,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let size = covariance.size;
    // x - sum of vector (reading . x), as a matrix.
    let mut left = Matrix::zeros(size);
    for i in 0..size {
        left.add(i, i, 1.0);
        for (reading, vector) in readings.iter().zip(vectors) {
            for (j, by) in reading.iter().enumerate() {
                left.add(i, j, -vector[i] * by);
            }
        }
    }
    // left covariance leftᵀ = left covariance, because the two parts are uncorrelated.
    let mut remaining = Matrix::zeros(size);
    for j in 0..size {
        let column: Vec<f64> = (0..size).map(|i| covariance.get(i, j)).collect();
        for (i, value) in left.times(&column).into_iter().enumerate() {
            remaining.add(i, j, value);
        }
    }
    let mut weighted = Matrix::zeros(size);
    for i in 0..size {
        for j in 0..size {
            let value = 0.5 * (remaining.get(i, j) + remaining.get(j, i));
            weighted.add(i, j, weights[i] * value * weights[j]);
        }
    }
    let pairs = weighted.eigen();
    let whole: f64 = (0..size).map(|i| weighted.get(i, i)).sum();
    let mut found = (Vec::new(), Vec::new());
    for (value, eigenvector) in pairs.into_iter().take(room) {
        if value <= LEAST_SHARE * whole {
            break;
        }
        // The sign is free: the largest element goes up.
        let largest = eigenvector.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let scale = largest.unwrap_or(1.0).signum() / value.sqrt();
        let score: Vec<f64> =
            eigenvector.iter().zip(weights).map(|(a, weight)| scale * a * weight).collect();
        let reading =
            (0..size).map(|j| (0..size).map(|i| score[i] * left.get(i, j)).sum()).collect();
        found.0.push(reading);
        found.1.push(remaining.times(&score));
    }
    found
}
