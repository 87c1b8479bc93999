//! WMS as a DAW instrument.
//!
//! The plugin formats arrive with the plugin milestone; this crate already fixes the direction of
//! the dependency: the plugin uses [`wms`] without its `python` feature.

pub use wms;
