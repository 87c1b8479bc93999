//! Limits on the models that this program plays.
//!
//! They are checked before a training starts ([`crate::Params::check_playable`]) and again when a
//! model file is read, so that no training ends in a file that cannot be loaded.

use std::ops::RangeInclusive;

/// Largest model file in bytes; a larger file is not a model.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 30;
/// Most inputs of any layer of a network; also the largest hidden size.
pub(crate) const MAX_LAYER: usize = 8192;
/// Most rows of any tensor: a GRU of the largest hidden size stacks its three gates.
pub(crate) const MAX_ROWS: usize = 3 * MAX_LAYER;
/// Allowed sample rates of the analysed sound, Hz.
pub(crate) const SAMPLE_RATE: RangeInclusive<usize> = 1000..=768_000;
/// Allowed hops: samples from one frame to the next.
pub(crate) const HOP_SIZE: RangeInclusive<usize> = 1..=1 << 16;
/// Allowed lengths of a cycle frame, samples.
pub(crate) const WINDOW_SIZE: RangeInclusive<usize> = 16..=1 << 16;
/// Longest Fourier transform, samples.
pub(crate) const MAX_N_FFT: usize = 1 << 17;
/// Most cycles of the fundamental in a cycle frame.
pub(crate) const MAX_CYCLES: usize = 64;
/// Fewest samples per cycle in a cycle frame.
pub(crate) const MIN_SAMPLES_PER_CYCLE: usize = 4;
