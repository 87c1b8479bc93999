//! Offline analysis of recordings into features and spectra.

pub mod pitch;
