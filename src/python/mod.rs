//! The Python module `wms._wms`: the only place that knows Python.
//!
//! Each function is a thin wrapper: it checks shapes and types, releases the GIL, and calls the
//! crate. The comments on what Python sees are its docstrings, in numpydoc; their examples run in
//! `tests/python/test_examples.py`, and `tools/make_stub.py` copies them into `_wms.pyi`.

#![expect(clippy::needless_pass_by_value, reason = "Python's arguments arrive by value")]
#![allow(
    clippy::doc_lazy_continuation,
    clippy::doc_link_with_quotes,
    clippy::doc_markdown,
    reason = "the texts are Python's docstrings, in numpydoc"
)]

mod analysis;
mod arguments;
mod audio;
mod directions;
mod errors;
mod frames;
mod given;
mod model;
mod notes;
mod params;
mod render;
mod report;
mod settings;
mod store;
mod synth;
mod warned;
mod watched;

use pyo3::prelude::*;

#[pymodule]
mod _wms {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::analysis::{
        crepe, crepe_probabilities, cycle_frames, cycle_spectrum, pyin, segment_mfcc, yin,
    };
    #[pymodule_export]
    use super::audio::{audio_info, list_audio, load_audio, resample, save_audio, wav_bytes};
    #[pymodule_export]
    use super::directions::{PyDirection, PyDirections};
    #[pymodule_export]
    use super::frames::{PyFrames, PyScaler, analyze};
    #[pymodule_export]
    use super::model::{Model, factory_models};
    #[pymodule_export]
    use super::notes::{frame_loudness, note_columns};
    #[pymodule_export]
    use super::params::PyParams;
    #[pymodule_export]
    use super::render::{cycle_waveform, midi_messages, play_spectra, render, resynthesize};
    #[pymodule_export]
    use super::report::{PyReport, band_limit};
    #[pymodule_export]
    use super::store::{PyStore, analyze_into, finish_store, list_with_remarks, prepare_store};
    #[pymodule_export]
    use super::synth::Synth;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        super::params::register(m.py())?;
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
