//! Analysed recordings: frames of features and spectra, and the files they are kept in.

mod analyze;
mod file;
mod frames;

pub use analyze::{Recording, analyze_files, analyze_signals};
pub use frames::{Frames, Skipped};
