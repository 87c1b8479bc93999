//! Symmetric matrices: eigenvalues, and the least-squares inverse.

/// Most sweeps of the eigenvalue iteration; some ten are enough for any matrix in double precision.
const MOST_SWEEPS: usize = 60;
/// Eigenvalues below this share of the largest are rounding, not data.
const ROUNDING: f64 = 1e-9;

/// A square matrix, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub size: usize,
    pub data: Vec<f64>,
}

impl Matrix {
    pub fn zeros(size: usize) -> Self {
        Self { size, data: vec![0.0; size * size] }
    }

    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.data[row * self.size + column]
    }

    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.data[row * self.size + column] += value;
    }

    /// The product with a vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        let rows = self.data.chunks_exact(self.size);
        rows.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect()
    }

    /// Eigenvalues, the largest first, each with its eigenvector of length 1, of a symmetric matrix.
    ///
    /// By C. Jacobi's rotations (1846), in cyclic order, as in Golub and Van Loan, *Matrix
    /// Computations*, section 8.5.
    pub fn eigen(&self) -> Vec<(f64, Vec<f64>)> {
        let size = self.size;
        let mut a = self.clone();
        let mut vectors = Self::zeros(size);
        for i in 0..size {
            vectors.add(i, i, 1.0);
        }
        let whole: f64 = a.data.iter().map(|v| v * v).sum();
        for _ in 0..MOST_SWEEPS {
            let off: f64 = (0..size)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| a.get(i, j).powi(2))
                .sum();
            if off <= whole * 1e-28 {
                break;
            }
            for p in 0..size {
                for q in p + 1..size {
                    rotate(&mut a, &mut vectors, p, q);
                }
            }
        }
        let mut pairs: Vec<(f64, Vec<f64>)> = (0..size)
            .map(|i| (a.get(i, i), (0..size).map(|row| vectors.get(row, i)).collect()))
            .collect();
        pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
        pairs
    }

    /// The inverse of a symmetric matrix without negative eigenvalues; where it has none, the
    /// pseudo-inverse of Moore and Penrose.
    pub fn inverse(&self) -> Self {
        let pairs = self.eigen();
        let least = pairs.first().map_or(0.0, |pair| pair.0) * ROUNDING;
        let mut inverse = Self::zeros(self.size);
        for (value, vector) in pairs.iter().filter(|pair| pair.0 > least.max(f64::MIN_POSITIVE)) {
            for (i, a) in vector.iter().enumerate() {
                for (j, b) in vector.iter().enumerate() {
                    inverse.add(i, j, a * b / value);
                }
            }
        }
        inverse
    }
}

/// Turns the plane of axes `p` and `q` so that element (p, q) becomes 0.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let off = a.get(p, q);
    if off == 0.0 {
        return;
    }
    let theta = (a.get(q, q) - a.get(p, p)) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cos = 1.0 / t.hypot(1.0);
    let sin = t * cos;
    let size = a.size;
    let turn = |m: &mut Matrix, first: usize, second: usize| {
        let (x, y) = (m.data[first], m.data[second]);
        m.data[first] = cos * x - sin * y;
        m.data[second] = sin * x + cos * y;
    };
    for k in 0..size {
        turn(a, k * size + p, k * size + q);
    }
    for k in 0..size {
        turn(a, p * size + k, q * size + k);
        turn(vectors, k * size + p, k * size + q);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn product(rows: &[Vec<f64>], size: usize) -> Matrix {
        let mut m = Matrix::zeros(size);
        for row in rows {
            for (i, a) in row.iter().enumerate() {
                for (j, b) in row.iter().enumerate() {
                    m.add(i, j, a * b);
                }
            }
        }
        m
    }

    proptest! {
        #[test]
        fn eigenvectors_are_those_of_the_matrix(
            rows in prop::collection::vec(prop::collection::vec(-3.0f64..3.0, 6), 1..9)
        ) {
            let m = product(&rows, 6);
            let pairs = m.eigen();
            let trace: f64 = (0..6).map(|i| m.get(i, i)).sum();
            prop_assert!(pairs.is_sorted_by(|a, b| a.0 >= b.0));
            for (value, vector) in &pairs {
                for (a, b) in m.times(vector).iter().zip(vector) {
                    prop_assert!((a - value * b).abs() < 1e-9 * (1.0 + trace), "{a} {b}");
                }
            }
            // m m⁺ m = m, also where m has no inverse.
            let inverse = m.inverse();
            for column in 0..6 {
                let own: Vec<f64> = (0..6).map(|row| m.get(row, column)).collect();
                let again = m.times(&inverse.times(&own));
                for (a, b) in again.iter().zip(&own) {
                    prop_assert!((a - b).abs() < 1e-5 * (1.0 + trace), "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn nothing_has_no_inverse() {
        assert_eq!(Matrix::zeros(3).inverse(), Matrix::zeros(3));
    }
}
