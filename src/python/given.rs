//! Params as an argument.

use super::arguments;
use super::model::Model;
use super::params::{PyParams, named, to_map};
use crate::Params;
use pyo3::prelude::*;
use std::path::PathBuf;

/// Params as an argument of a function: `Params`, a dict of changes, the name of a profile, the path
/// of a file, or a model.
pub(super) struct Given(pub Params);

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(params) = value.cast::<PyParams>() {
            return Ok(Self(params.get().0.clone()));
        }
        if let Ok(model) = value.cast::<Model>() {
            return Ok(Self(model.get().inner.config().params()?));
        }
        if let Ok(path) = value.extract::<PathBuf>() {
            return Ok(Self(PyParams(named(&path)?).warned(value.py())?.0));
        }
        let changes = to_map(&arguments::dict(&value, "params")?)?;
        Ok(Self(PyParams(Params::default()).replaced(value.py(), changes)?.0))
    }
}
