//! `wms.Params`.

use crate::params::{KEYS, Key, Kind};
use crate::{Error, Params};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value, json};
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
        let warned = changes.clone();
        Self(self.0.replace(changes)?).warned_of(py, |key| warned.contains_key(key))
    }

    /// Refuse parameters whose model could not be saved, loaded and played.
    ///
    /// Analysis takes wider ranges than a model can have; `wms.training.train` asks this first.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     One key stands in the way: the message names it, its value and what is wanted.
    fn check_playable(&self) -> PyResult<()> {
        Ok(self.0.check_playable()?)
    }

    /// What there is to know of every key of a `params.json`, in the order of the file.
    ///
    /// Returns
    /// -------
    /// list of dict
    ///     For each key: "name"; "section", the heading that it belongs under; "meaning", with the
    ///     unit; "kind", one of "whole number", "number", "switch", "choice" and "text"; "low" and
    ///     "high", the range of numbers, both included; "choices", the words of a choice;
    ///     "nullable", whether it may be None; "wanted", all this in words; "default"; "required",
    ///     whether a file must have it; "no_effect", why it has none, or None.
    #[staticmethod]
    fn table<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &KEYS.iter().map(row).collect())
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
        self.warned_of(py, |_| true)
    }

    /// [`Self::warned`] about some of the keys only.
    fn warned_of(self, py: Python<'_>, concerned: impl Fn(&str) -> bool) -> PyResult<Self> {
        for (_, line) in self.0.without_effect().filter(|(key, _)| concerned(key)) {
            let text = std::ffi::CString::new(line).unwrap_or_default();
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)?;
        }
        Ok(self)
    }
}

/// A row of the table of keys.
fn row(key: &Key) -> Value {
    let (low, high) = match key.kind {
        Kind::Whole(low, high) => (json!(low), json!(high)),
        Kind::Number(low, high) => (json!(low), json!(high)),
        Kind::Switch | Kind::Choice(_) | Kind::Text => (Value::Null, Value::Null),
    };
    let choices = if let Kind::Choice(words) = key.kind { json!(words) } else { Value::Null };
    json!({
        "name": key.name,
        "section": key.section.title(),
        "meaning": key.meaning,
        "kind": key.kind.name(),
        "low": low,
        "high": high,
        "choices": choices,
        "nullable": key.nullable,
        "wanted": key.to_string(),
        "default": key.default(),
        "required": key.required,
        "no_effect": key.no_effect,
    })
}

/// A Python dictionary as JSON.
fn to_map(values: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    match super::arguments::json(values, "the parameters")? {
        Value::Object(map) => Ok(map),
        _ => {
            Err(Error::parameter("the parameters are no dict, wanted one of keys and values")
                .into())
        }
    }
}

/// A JSON value as Python's.
pub(super) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}
