//! The Python module `wms._wms`: the only place that knows Python.

mod array_in;
mod errors;
mod model;
mod synth;

use pyo3::prelude::*;

#[pymodule]
mod _wms {
    #[pymodule_export]
    use super::model::Model;
    #[pymodule_export]
    use super::synth::{Synth, cycle_waveform, play_spectra, render, resynthesize};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
