//! `wms.Params`.

use crate::params::{KEYS, Key, Kind};
use crate::{Error, Params};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value, json};
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
        let warned = changes.clone();
        Self(self.0.replace(changes)?).warned_of(py, |key| warned.contains_key(key))
    }

    /// Refuse parameters whose model could not be saved, loaded and played.
    ///
    /// The analysis takes wider ranges than a model can have, so `wms.training.train` asks this
    /// before it starts.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     A model of these parameters could not be loaded again. The message names the first key
    ///     that stands in the way, its value and what is wanted.
    ///
    /// Examples
    /// --------
    /// >>> wms.Params(cycles_per_window=4).check_playable()
    fn check_playable(&self) -> PyResult<()> {
        Ok(self.0.check_playable()?)
    }

    /// The table of all keys of a `params.json`, in the order of the file.
    ///
    /// Returns
    /// -------
    /// list of dict
    ///     For each key: "name"; "section", the heading that it belongs under; "meaning", with the
    ///     unit; "kind", one of "whole number", "number", "switch", "choice" and "text"; "low" and
    ///     "high", the range of numbers, both included; "choices", the words of a choice;
    ///     "nullable", whether it may be None; "wanted", the kind and range in words; "default";
    ///     "required", whether a file must have it; "no_effect", why the key has none, or None.
    ///
    /// Examples
    /// --------
    /// >>> for key in wms.Params.table()[:3]:
    /// ...     print(key["name"], "is", key["wanted"])
    /// audio_files_path is text
    /// sample_rate is a whole number from 4000 to 384000
    /// hop_size is a whole number from 1 to 1048576
    #[staticmethod]
    fn table(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
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

/// A dict of parameters as JSON.
fn to_map(values: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    for (key, value) in values {
        if value.extract::<f64>().is_ok_and(|number| !number.is_finite()) {
            let name = key.to_string();
            let known = KEYS.iter().find(|key| key.name == name);
            let wanted = known.map_or_else(|| "a finite number".to_owned(), Key::to_string);
            let message = format!(
                "\"{name}\" is {value}, wanted {wanted} (JSON has neither NaN nor infinity)"
            );
            return Err(Error::parameter(message).into());
        }
    }
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
