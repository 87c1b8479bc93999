//! Standardisation of features.

use ndarray::{ArrayRef1, ArrayRef2};

/// Mean and standard deviation of each column, as scikit-learn's `StandardScaler` computes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Population standard deviation of each column; 1 for a constant one.
    pub scale: Vec<f64>,
}

impl Scaler {
    /// Computes the mean and standard deviation of each column of `rows`.
    pub fn fit(rows: &ArrayRef2<f32>) -> Self {
        let mut mean = Mean::new(rows.ncols());
        mean.add(rows);
        let mut spread = mean.spread();
        spread.add(rows);
        spread.scaler()
    }

    /// Standardises one row: writes `(x - mean) / scale` for each column to `out`.
    pub fn apply(&self, row: &ArrayRef1<f32>, out: &mut ArrayRef1<f32>) {
        let columns = self.mean.iter().zip(&self.scale);
        for ((to, &x), (mean, scale)) in out.iter_mut().zip(row).zip(columns) {
            *to = ((f64::from(x) - mean) / scale) as f32;
        }
    }
}

/// The first pass of a fit over rows that arrive in pieces; it finds the means.
pub(crate) struct Mean {
    sums: Vec<f64>,
    rows: usize,
}

impl Mean {
    pub fn new(columns: usize) -> Self {
        Self { sums: vec![0.0; columns], rows: 0 }
    }

    /// Adds the next rows.
    pub fn add(&mut self, rows: &ArrayRef2<f32>) {
        for row in rows.rows() {
            for (sum, &x) in self.sums.iter_mut().zip(row) {
                *sum += f64::from(x);
            }
            self.rows += 1;
        }
    }

    /// Ends the first pass and begins the second.
    pub fn spread(self) -> Spread {
        let count = self.rows.max(1) as f64;
        let mean: Vec<f64> = self.sums.iter().map(|sum| sum / count).collect();
        Spread { squares: vec![0.0; mean.len()], mean, count }
    }
}

/// The second pass of a fit, over the same rows in the same order; it finds the standard
/// deviations.
pub(crate) struct Spread {
    mean: Vec<f64>,
    squares: Vec<f64>,
    count: f64,
}

impl Spread {
    /// Adds the next rows.
    pub fn add(&mut self, rows: &ArrayRef2<f32>) {
        for row in rows.rows() {
            for ((sum, &x), mean) in self.squares.iter_mut().zip(row).zip(&self.mean) {
                *sum += (f64::from(x) - mean).powi(2);
            }
        }
    }

    /// The scaler for the rows that were added.
    pub fn scaler(self) -> Scaler {
        let count = self.count;
        let columns = self.squares.iter().zip(&self.mean);
        let scale = columns
            .map(|(sum, mean)| {
                let variance = sum / count;
                // scikit-learn's bound: a variance below it can be due to rounding in a constant
                // column.
                let rounding =
                    count * f64::EPSILON * variance + (count * mean * f64::EPSILON).powi(2);
                if variance <= rounding { 1.0 } else { variance.sqrt() }
            })
            .collect();
        Scaler { mean: self.mean, scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn constant_columns_are_not_divided_by_nothing() {
        let scaler = Scaler::fit(&array![[1.0, 5.0], [3.0, 5.0]]);
        assert_eq!((scaler.mean, scaler.scale), (vec![2.0, 5.0], vec![1.0, 1.0]));
        assert_eq!(Scaler::fit(&Array2::zeros((0, 2))).scale, vec![1.0, 1.0]);
    }
}
