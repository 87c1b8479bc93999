//! Standardisation of features.

/// Mean and spread of each column, as scikit-learn's `StandardScaler` finds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Population standard deviation of each column; 1 for a constant one.
    pub scale: Vec<f64>,
}

impl Scaler {
    /// Fits the `columns` columns of row-major `rows`.
    pub fn fit(rows: &[f32], columns: usize) -> Self {
        let count = (rows.len() / columns.max(1)).max(1) as f64;
        let mut mean = vec![0.0; columns];
        for row in rows.chunks_exact(columns) {
            for (sum, &x) in mean.iter_mut().zip(row) {
                *sum += f64::from(x);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut variance = vec![0.0; columns];
        for row in rows.chunks_exact(columns) {
            for ((sum, &x), m) in variance.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(x) - m).powi(2);
            }
        }
        let scale = variance
            .iter()
            .zip(&mean)
            .map(|(sum, mean)| {
                let variance = sum / count;
                // scikit-learn's bound on what rounding alone can make of a constant column.
                let rounding =
                    count * f64::EPSILON * variance + (count * mean * f64::EPSILON).powi(2);
                if variance <= rounding { 1.0 } else { variance.sqrt() }
            })
            .collect();
        Self { mean, scale }
    }

    /// Standardises one row.
    pub fn apply(&self, row: &[f32], out: &mut [f32]) {
        let columns = self.mean.iter().zip(&self.scale);
        for ((to, &x), (mean, scale)) in out.iter_mut().zip(row).zip(columns) {
            *to = ((f64::from(x) - mean) / scale) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_columns_are_not_divided_by_nothing() {
        let scaler = Scaler::fit(&[1.0, 5.0, 3.0, 5.0], 2);
        assert_eq!((scaler.mean, scaler.scale), (vec![2.0, 5.0], vec![1.0, 1.0]));
        assert_eq!(Scaler::fit(&[], 2).scale, vec![1.0, 1.0]);
    }
}
