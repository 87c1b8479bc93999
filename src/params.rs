//! `params.json`: everything that steers analysis and training.

/// The parameters.
#[derive(Clone, Debug, Default)]
pub struct Params {}
