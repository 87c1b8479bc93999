//! The crate's errors as the exceptions that `wms.errors` defines.

use crate::Error;
use pyo3::prelude::*;
use pyo3::types::PyType;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let name = match &error {
            Error::Interrupted => return pyo3::exceptions::PyKeyboardInterrupt::new_err(()),
            Error::Parameter(_) => "ParameterError",
            Error::AudioFile { .. } => "AudioFileError",
            Error::ModelFile { .. } => "ModelFileError",
            Error::FeatureFile { .. } => "FeatureFileError",
            Error::Io { .. } => "FileAccessError",
        };
        Python::attach(|py| {
            let class = py
                .import("wms.errors")
                .and_then(|module| module.getattr(name))
                .and_then(|class| class.cast_into::<PyType>().map_err(PyErr::from));
            match class {
                Ok(class) => PyErr::from_type(class, error.to_string()),
                Err(import) => import,
            }
        })
    }
}
