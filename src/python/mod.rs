//! The Python module `wms._wms`: the only place that knows Python.
//!
//! Each function is a thin wrapper: it checks shapes and types, releases the GIL, and calls the
//! crate.

mod analysis;
mod arguments;
mod audio;
mod errors;
mod frames;
mod params;
mod watched;

use pyo3::prelude::*;

#[pymodule]
mod _wms {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::analysis::{cycle_frames, cycle_spectrum, pyin, segment_mfcc, yin};
    #[pymodule_export]
    use super::audio::{list_audio, load_audio, resample};
    #[pymodule_export]
    use super::frames::{PyFrames, PyScaler, analyze};
    #[pymodule_export]
    use super::params::PyParams;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
