//! The map from standardised MFCC to the few coordinates that a network was trained on instead.

use serde_json::{Map, Value};

use super::config::{list, positive, text};

/// No map is larger; more centres would make every analysed frame dear.
const MAX_CENTRES: usize = 4096;

/// A sum of Gaussian bumps and a linear part: y = sum of `w_j` exp(-|x - `c_j`|^2 / (2 width^2)) +
/// A x + b (radial basis functions; Broomhead and Lowe 1988).
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Coefficients that it takes.
    pub inputs: usize,
    /// Coordinates that it gives.
    pub outputs: usize,
    width: f64,
    /// (centres, inputs).
    centres: Vec<f64>,
    /// (centres + inputs + 1, outputs): the bumps', the linear part's, the constant.
    weights: Vec<f64>,
}

impl Projection {
    /// Reads `config.projection`.
    ///
    /// # Errors
    /// One line naming the key, what it holds and what is wanted.
    pub fn from_json(table: &Map<String, Value>) -> Result<Self, String> {
        const PLACE: &str = "config.projection";
        let kind = text(table, PLACE, "kind")?;
        if kind != "rbf" {
            return Err(format!("{PLACE}.kind is {kind:?}, expected \"rbf\""));
        }
        let (centres, inputs) = rows(table, "centres")?;
        let (weights, outputs) = rows(table, "weights")?;
        let count = centres.len() / inputs;
        if count > MAX_CENTRES {
            return Err(format!(
                "{PLACE}.centres has {count} rows, expected at most {MAX_CENTRES}"
            ));
        }
        let (given, wanted) = (weights.len() / outputs, count + inputs + 1);
        if given != wanted {
            return Err(format!("{PLACE}.weights has {given} rows, expected {wanted}"));
        }
        let width = positive(table, PLACE, "width")?;
        Ok(Self { inputs, outputs, width, centres, weights })
    }

    /// Maps standardised coefficients `x` (inputs,) to coordinates `y` (outputs,).
    pub fn apply(&self, x: &[f64], y: &mut [f64]) {
        y.fill(0.0);
        let add = |y: &mut [f64], weights: &[f64], factor: f64| {
            for (to, weight) in y.iter_mut().zip(weights) {
                *to += weight * factor;
            }
        };
        let mut weights = self.weights.chunks_exact(self.outputs);
        for centre in self.centres.chunks_exact(self.inputs) {
            let squared: f64 = centre.iter().zip(x).map(|(c, x)| (x - c).powi(2)).sum();
            let bump = (-squared / (2.0 * self.width * self.width)).exp();
            if let Some(weights) = weights.next() {
                add(y, weights, bump);
            }
        }
        for (factor, weights) in x.iter().copied().chain([1.0]).zip(weights) {
            add(y, weights, factor);
        }
    }
}

/// A list of equally long lists of finite numbers, and their length.
fn rows(table: &Map<String, Value>, key: &str) -> Result<(Vec<f64>, usize), String> {
    let place = format!("config.projection.{key}");
    let mut values = Vec::new();
    let mut columns = 0;
    for row in list(table, "config.projection", key)? {
        let row =
            row.as_array().ok_or_else(|| format!("{place} holds something that is no list"))?;
        if columns == 0 {
            columns = row.len();
        }
        if row.is_empty() || row.len() != columns {
            return Err(format!("{place} has rows of {columns} and {} values", row.len()));
        }
        for value in row {
            let finite = value.as_f64().filter(|v| v.is_finite());
            values.push(finite.ok_or_else(|| format!("{place} holds {value}, no finite number"))?);
        }
    }
    if values.is_empty() { Err(format!("{place} is empty")) } else { Ok((values, columns)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: &Value) -> Result<Projection, String> {
        Projection::from_json(value.as_object().unwrap())
    }

    #[test]
    fn bumps_and_a_plane_are_added() {
        let map = parse(&json!({
            "kind": "rbf", "width": 2.0, "centres": [[1.0, 0.0]],
            "weights": [[10.0, 0.0], [1.0, 0.0], [0.0, 3.0], [0.5, -0.5]],
        }))
        .unwrap();
        assert_eq!((map.inputs, map.outputs), (2, 2));
        let mut y = [9.0; 2];
        map.apply(&[1.0, 2.0], &mut y);
        // A bump at two widths' square root from its centre, x_0 + 0.5, and 3 x_1 - 0.5.
        assert!((y[0] - (10.0 * (-0.5_f64).exp() + 1.5)).abs() < 1e-12);
        assert!((y[1] - 5.5).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let good = json!({
            "kind": "rbf", "width": 1.0, "centres": [[0.0]], "weights": [[1.0], [1.0], [1.0]],
        });
        assert!(parse(&good).is_ok());
        for (key, value, message) in [
            ("kind", json!("knn"), "expected \"rbf\""),
            ("width", json!(0), "above 0"),
            ("centres", json!([]), "centres is empty"),
            ("centres", json!([[0.0], [1.0, 2.0]]), "rows of 1 and 2"),
            ("centres", json!([[0.0], [1.0]]), "weights has 3 rows, expected 4"),
            ("centres", json!([["x"]]), "no finite number"),
            ("weights", json!([3]), "no list"),
            ("weights", json!([[]]), "rows of 0 and 0"),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            let error = parse(&bad).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
