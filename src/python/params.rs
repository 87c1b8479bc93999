//! `wms.Params`.

use crate::{Error, Params};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// A complete, validated set of parameters: the content of a `params.json`.
#[pyclass(frozen, eq, name = "Params", module = "wms", from_py_object)]
#[derive(Clone, PartialEq)]
pub(super) struct PyParams(pub Params);

#[pymethods]
impl PyParams {
    #[new]
    #[pyo3(signature = (**changes))]
    fn new(py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Self(Params::default()).replace(py, changes)
    }

    /// Read a params.json.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self(Params::load(&path)?).warned(py)
    }

    /// One of the sets of parameters that come with the package.
    #[staticmethod]
    fn profile(name: &str) -> PyResult<Self> {
        Ok(Self(Params::profile(name)?))
    }

    /// Check the keys and values of a params.json given as a dict.
    #[staticmethod]
    fn from_dict(py: Python<'_>, values: &Bound<'_, PyDict>) -> PyResult<Self> {
        Self(Params::from_map(to_map(values)?)?).warned(py)
    }

    /// Write a params.json, notes included.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        Ok(crate::files::write_atomic(&path, self.0.to_json().as_bytes())?)
    }

    /// These parameters with some keys changed.
    #[pyo3(signature = (**changes))]
    fn replace(&self, py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let changes = changes.map(to_map).transpose()?.unwrap_or_default();
        Self(self.0.replace(changes)?).warned(py)
    }

    /// All keys and values without the notes, as a new dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &Value::Object(self.0.to_map()))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        match self.0.get(key) {
            Some(value) => to_python(py, value),
            None => Err(pyo3::exceptions::PyKeyError::new_err(key.to_owned())),
        }
    }

    fn __repr__(&self) -> String {
        let given: Vec<String> = self
            .0
            .to_map()
            .iter()
            .filter(|(key, value)| Params::default().get(key) != Some(value))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        format!("Params({})", given.join(", "))
    }
}

impl PyParams {
    /// Warns about keys that are set to something but have no effect.
    fn warned(self, py: Python<'_>) -> PyResult<Self> {
        for line in self.0.without_effect() {
            let text = std::ffi::CString::new(line).unwrap_or_default();
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)?;
        }
        Ok(self)
    }
}

/// A Python dictionary by way of JSON, which is what parameters are.
fn to_map(values: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    match super::arguments::json(values, "the parameters")? {
        Value::Object(map) => Ok(map),
        _ => Err(Error::parameter("the parameters are not a dict").into()),
    }
}

/// A JSON value as Python's.
pub(super) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}
