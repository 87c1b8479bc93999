//! The map from standardised MFCC to the few coordinates that a network was trained on instead.

use super::fields::Fields;
use crate::Result;

/// Most centres of a map: each costs time in every analysed frame.
const MAX_CENTRES: usize = 4096;

/// A sum of Gaussian bumps and a linear part: y = sum of `w_j` exp(-|x - `c_j`|^2 / (2 width^2)) +
/// A x + b (radial basis functions; Broomhead and Lowe 1988).
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Number of coefficients that it takes.
    pub inputs: usize,
    /// Number of coordinates that it gives.
    pub outputs: usize,
    width: f64,
    /// (centres, inputs).
    centres: Vec<f64>,
    /// (centres + inputs + 1, outputs): weights of the bumps, of the linear part, and the constant.
    weights: Vec<f64>,
}

impl Projection {
    /// Reads `config.projection`.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the key, its value and what is wanted.
    pub(super) fn from_fields(fields: &Fields<'_>) -> Result<Self> {
        let kind = fields.text("kind")?;
        if kind != "rbf" {
            return Err(fields.wrong("kind", format!("{kind:?}"), "\"rbf\""));
        }
        let (centres, inputs) = rows(fields, "centres")?;
        let (weights, outputs) = rows(fields, "weights")?;
        let count = centres.len() / inputs;
        if count > MAX_CENTRES {
            let wanted = format!("at most {MAX_CENTRES}");
            return Err(fields.wrong("centres", format!("a list of {count} rows"), &wanted));
        }
        let (given, wanted) = (weights.len() / outputs, count + inputs + 1);
        if given != wanted {
            let given = format!("a list of {given} rows");
            return Err(fields.wrong("weights", given, &wanted.to_string()));
        }
        Ok(Self { inputs, outputs, width: fields.positive("width")?, centres, weights })
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

/// A list of equally long lists of finite numbers as one vector, and their length.
fn rows(fields: &Fields<'_>, key: &str) -> Result<(Vec<f64>, usize)> {
    let wanted = "equally long lists of finite numbers";
    let mut values = Vec::new();
    let mut columns = 0;
    for row in fields.list(key)? {
        let Some(row) = row.as_array() else {
            return Err(fields.wrong(key, format!("a list with {row}"), wanted));
        };
        if columns == 0 {
            columns = row.len();
        }
        if row.is_empty() || row.len() != columns {
            let given = format!("a list with rows of {columns} and {} values", row.len());
            return Err(fields.wrong(key, given, wanted));
        }
        for value in row {
            let finite = value
                .as_f64()
                .filter(|v| v.is_finite())
                .ok_or_else(|| fields.wrong(key, format!("a list with {value} in it"), wanted))?;
            values.push(finite);
        }
    }
    if values.is_empty() {
        return Err(fields.wrong(key, "an empty list", wanted));
    }
    Ok((values, columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(value: &Value) -> Result<Projection> {
        Projection::from_fields(&Fields::new("config.projection", value.as_object().unwrap()))
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
        // The bump's centre is 2, one width, away; the plane adds x_0 + 0.5 and 3 x_1 - 0.5.
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
            ("kind", json!("knn"), "wanted \"rbf\""),
            ("width", json!(0), "above 0"),
            ("centres", json!([]), "centres is an empty list"),
            ("centres", json!([[0.0], [1.0, 2.0]]), "rows of 1 and 2"),
            ("centres", json!([[0.0], [1.0]]), "weights is a list of 3 rows, wanted 4"),
            ("centres", json!([["x"]]), "a list with \"x\" in it"),
            ("weights", json!([3]), "a list with 3, wanted"),
            ("weights", json!([[]]), "rows of 0 and 0"),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            let error = parse(&bad).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
