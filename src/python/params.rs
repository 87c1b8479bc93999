//! `wms.Params`.

use super::arguments;
use crate::params::{KEYS, Key, Kind};
use crate::spelling::nearest;
use crate::{Error, Params};
use pyo3::exceptions::{PyAttributeError, PyKeyError, PyUserWarning};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyMapping, PyType};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// A complete, checked set of parameters: the content of a `params.json`.
///
/// Immutable and hashable. It is a mapping of its keys, in the order of the file, and each key is
/// an attribute too: `params["hop_size"]` is `params.hop_size`. Two sets are equal if all their
/// values are. A key that is set but has no effect causes a UserWarning.
///
/// Where a function takes params, it takes as well a dict of keys that differ from the shipped
/// `params.json`; what `Params.load` takes, the name of a profile or the path of a file; and a
/// `Model`, which stands for its `params`.
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
/// >>> params["hop_size"], params.sample_rate
/// (128, 16000)
/// >>> wms.Params(**params) == params
/// True
#[pyclass(frozen, eq, hash, mapping, name = "Params", module = "wms")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PyParams(pub Params);

#[pymethods]
impl PyParams {
    #[new]
    #[pyo3(signature = (**changes))]
    fn new(py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Self(Params::default()).replace(py, changes)
    }

    /// Read a `params.json`, this project's or `wms_torch`'s, or take a profile by its name.
    ///
    /// Keys that end in `_comment` or begin with `___NOT` are notes; `save` writes them again.
    ///
    /// Parameters
    /// ----------
    /// path
    ///     The file; or the name of a profile, as for `profile`, if there is no file of this name.
    ///
    /// Raises
    /// ------
    /// ParameterError
    ///     The file is not a JSON object, a key of `wms_torch` is missing, a key is unknown, or a
    ///     value is not allowed. Or there is neither a profile nor a file of this name.
    /// FileAccessError
    ///     The file cannot be read.
    ///
    /// Examples
    /// --------
    /// >>> wms.Params(hop_size=128).save("params.json")
    /// >>> wms.Params.load("params.json")
    /// Params(hop_size=128)
    /// >>> wms.Params.load("hifi").sample_rate
    /// 44100
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self(named(&path)?).warned(py)
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
        self.replaced(py, changes.map(to_map).transpose()?.unwrap_or_default())
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

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.value(key) {
            Some(value) => to_python(py, value),
            None => Err(PyKeyError::new_err((key.clone().unbind(),))),
        }
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        if let Some(value) = self.0.get(name) {
            return to_python(py, value);
        }
        let meant = nearest(name, KEYS.iter().map(|key| key.name));
        let message = format!("Params have no \"{name}\"; did you mean \"{meant}\"?");
        Err(PyAttributeError::new_err(message))
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = slf.py();
        let own = py.get_type::<PyAny>().call_method1("__dir__", (slf,))?;
        let keys = slf.try_iter()?;
        own.try_iter()?.chain(keys).collect()
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> bool {
        self.value(key).is_some()
    }

    fn __len__(&self) -> usize {
        self.0.to_map().len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let keys: Vec<String> = self.0.to_map().into_iter().map(|(key, _)| key).collect();
        keys.into_pyobject(py)?.try_iter()
    }

    /// The keys, in the order of the file.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "KeysView")
    }

    /// The values, in the order of the keys.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ValuesView")
    }

    /// Pairs of key and value, in the order of the file.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ItemsView")
    }

    /// The value of a key, or `default` if there is no such key.
    #[pyo3(signature = (key, default = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.value(key).map_or(Ok(default), |value| to_python(py, value).map(Some))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("_restore")?, (slf.get().0.to_json(),)))
    }

    /// The params of the text of a params.json, which is what pickle keeps.
    #[classmethod]
    fn _restore(_class: &Bound<'_, PyType>, text: &str) -> PyResult<Self> {
        Ok(Self(Params::from_json(text)?))
    }

    /// What Jupyter shows.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("wms._html")?.call_method1("params_html", (slf,))
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
    /// The value of a key, if it is one.
    fn value(&self, key: &Bound<'_, PyAny>) -> Option<&Value> {
        self.0.get(key.extract::<&str>().ok()?)
    }

    /// A copy with some keys changed; warns about those of them that have no effect.
    pub(super) fn replaced(&self, py: Python<'_>, changes: Map<String, Value>) -> PyResult<Self> {
        let warned = changes.clone();
        Self(self.0.replace(changes)?).warned_of(py, |key| warned.contains_key(key))
    }

    /// Warns about keys that are set to something but have no effect.
    pub(super) fn warned(self, py: Python<'_>) -> PyResult<Self> {
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

/// Params as JSON. What is missing in a dict stays missing; names and paths are as for
/// [`Given`](super::given::Given).
pub(super) fn json_of(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Value> {
    match value.extract::<PathBuf>() {
        Ok(path) => Ok(Value::Object(named(&path)?.to_map())),
        Err(_) => arguments::json(value, name),
    }
}

/// The params of a file, or of the profile of this name.
///
/// The name of a profile has no ending. A path with an ending or a folder is a file, and if it does
/// not exist the error says so.
pub(super) fn named(path: &Path) -> crate::Result<Params> {
    let profile = path.to_str().filter(|name| {
        path.extension().is_none() && Path::new(name).components().count() == 1 && !path.is_file()
    });
    match profile {
        Some(name) => Params::profile(name)
            .map_err(|error| Error::Parameter(format!("{error}, or the path of a params.json"))),
        None => Params::load(path),
    }
}

/// Makes the mapping known as one to `isinstance` and `match`.
pub(super) fn register(py: Python<'_>) -> PyResult<()> {
    PyMapping::register::<PyParams>(py)
}

/// One of the views that `collections.abc` has of any mapping.
fn view<'py>(params: &Bound<'py, PyParams>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    params.py().import("collections.abc")?.getattr(name)?.call1((params,))
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
pub(super) fn to_map(values: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
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
    match arguments::json(values, "the parameters")? {
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
