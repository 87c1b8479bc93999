//! `wms.Params`.

use crate::{Error, Params};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// A complete, checked set of parameters: the content of a `params.json`.
///
/// Immutable. `params["hop_size"]` reads one key. A key that is set but has no effect causes a
/// UserWarning.
///
/// Parameters
/// ----------
/// **changes
///     Keys that differ from the shipped `params.json`, with their values.
///
/// Raises
/// ------
/// ParameterError
///     A key is unknown or its value is not allowed. The message names the key, the value that was
///     given and what is wanted.
///
/// See Also
/// --------
/// Params.load : reads a file.
/// Params.profile : the sets of parameters that come with the package.
///
/// Examples
/// --------
/// >>> params = wms.Params(hop_size=128)
/// >>> params["hop_size"], params["sample_rate"]
/// (128, 16000)
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

    /// Read a `params.json`, this project's or `wms_torch`'s.
    ///
    /// Keys that end in `_comment` or begin with `___NOT` are notes; they are kept as they are.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     The file is not a JSON object, a key of `wms_torch` is missing, a key is unknown, or a
    ///     value is not allowed.
    /// FileAccessError
    ///     The file cannot be read.
    ///
    /// Examples
    /// --------
    /// >>> wms.Params(hop_size=128).save("params.json")
    /// >>> wms.Params.load("params.json")
    /// Params(hop_size=128)
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self(Params::load(&path)?).warned(py)
    }

    /// One of the sets of parameters that come with the package.
    ///
    /// Parameters
    /// ----------
    /// name
    ///     "default": the shipped `params.json`, as `wms_torch` publishes it. "hifi": 44.1 kHz,
    ///     four cycles in a frame, the whole band.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     There is no profile of this name; the message lists the names.
    ///
    /// Examples
    /// --------
    /// >>> wms.Params.profile("hifi")["sample_rate"]
    /// 44100
    #[staticmethod]
    fn profile(name: &str) -> PyResult<Self> {
        Ok(Self(Params::profile(name)?))
    }

    /// Check the keys and values of a `params.json` that is given as a dict.
    ///
    /// Parameters
    /// ----------
    /// values
    ///     All keys of `wms_torch`. This project's own keys take their defaults where they are
    ///     missing.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     As for `load`.
    ///
    /// Examples
    /// --------
    /// >>> values = wms.Params().to_dict()
    /// >>> wms.Params.from_dict(values | {"n_mfcc": 12})
    /// Params(n_mfcc=12)
    #[staticmethod]
    fn from_dict(py: Python<'_>, values: &Bound<'_, PyDict>) -> PyResult<Self> {
        Self(Params::from_map(to_map(values)?)?).warned(py)
    }

    /// Write a `params.json`, notes included.
    ///
    /// The file is written beside its place and then moved there, so that it is never half written.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file; an existing one is replaced.
    ///
    /// Raises
    /// ------
    /// FileAccessError
    ///     The file cannot be written.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        Ok(crate::files::write_atomic(&path, self.0.to_json().as_bytes())?)
    }

    /// A copy of these parameters with some keys changed.
    ///
    /// Parameters
    /// ----------
    /// **changes
    ///     Keys and their new values.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     As for `Params`.
    ///
    /// Examples
    /// --------
    /// >>> wms.Params().replace(hop_size=128, cycles_per_window=3)
    /// Params(hop_size=128, cycles_per_window=3)
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
