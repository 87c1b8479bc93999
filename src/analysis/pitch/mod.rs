//! Pitch estimators.

pub mod crepe;
