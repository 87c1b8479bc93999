//! Warnings about recordings, as Python's own.

use crate::corpus::Remark;
use pyo3::prelude::*;
use std::ffi::CString;

/// Issues an `AudioWarning` for each line.
pub(super) fn warn_of<'a>(
    py: Python<'_>,
    lines: impl IntoIterator<Item = &'a str>,
) -> PyResult<()> {
    let category = py.import("wms.errors")?.getattr("AudioWarning")?;
    for line in lines {
        let text = CString::new(line).unwrap_or_default();
        PyErr::warn(py, &category, &text, 1)?;
    }
    Ok(())
}

/// Issues an `AudioWarning` for each remark.
pub(super) fn warn_of_remarks(py: Python<'_>, remarks: &[Remark]) -> PyResult<()> {
    warn_of(py, remarks.iter().map(|remark| remark.message.as_str()))
}
