//! Arrays and objects from Python, checked with messages of this package's own.

use crate::Error;
use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A real array of one or two dimensions, row-major.
pub(super) struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

impl Array {
    /// Takes anything that NumPy makes a real array of `dimensions` dimensions from.
    pub fn take(value: &Bound<'_, PyAny>, name: &str, dimensions: usize) -> PyResult<Self> {
        let py = value.py();
        let numpy = py.import("numpy")?;
        let array = numpy
            .call_method1("asarray", (value,))
            .map_err(|_| Error::parameter(format!("{name} is no array")))?;
        let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
        if !["f", "i", "u", "b"].contains(&kind.as_str()) {
            let dtype = array.getattr("dtype")?.str()?;
            return Err(Error::parameter(format!(
                "{name} has dtype {dtype}, expected real numbers"
            ))
            .into());
        }
        let shape: Vec<usize> = array.getattr("shape")?.extract()?;
        if shape.len() != dimensions {
            return Err(Error::parameter(format!(
                "{name} has shape {shape:?}, expected {dimensions} dimension{}",
                if dimensions == 1 { "" } else { "s" }
            ))
            .into());
        }
        // Strided and other floats are copied into order; so is the rest, once.
        let order = PyDict::new(py);
        order.set_item("dtype", "float32")?;
        order.set_item("order", "C")?;
        let array = numpy.call_method("asarray", (array,), Some(&order))?;
        let array = array.cast::<PyArrayDyn<f32>>()?;
        let data = array.readonly().as_slice()?.to_vec();
        Ok(Self { shape: array.shape().to_vec(), data })
    }

    /// Size of the last dimension.
    pub fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}

/// What a dict, or an object with `to_dict`, holds, as JSON.
pub(super) fn json(value: &Bound<'_, PyAny>, name: &str) -> PyResult<serde_json::Value> {
    let py = value.py();
    let dict =
        if value.hasattr("to_dict")? { value.call_method0("to_dict")? } else { value.clone() };
    if !dict.is_instance_of::<PyDict>() {
        let kind = value.get_type().name()?;
        return Err(
            Error::parameter(format!("{name} is a {kind}, expected Params or a dict")).into()
        );
    }
    let text: String = py
        .import("json")?
        .call_method1("dumps", (dict,))
        .and_then(|text| text.extract())
        .map_err(|e| Error::parameter(format!("{name} cannot be written as JSON ({e})")))?;
    serde_json::from_str(&text)
        .map_err(|e| Error::parameter(format!("{name} cannot be read as JSON ({e})")).into())
}
