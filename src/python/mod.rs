//! The Python module `wms._wms`: the only place that knows Python.

mod errors;

use pyo3::prelude::*;

#[pymodule]
mod _wms {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
