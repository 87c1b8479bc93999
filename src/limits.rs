//! The largest models that this program plays.
//!
//! The same numbers are asked before a training starts ([`crate::Params::check_playable`]) and when
//! a model file is read, so that no training ends in a file that nobody can load.

use std::ops::RangeInclusive;

/// Bytes of a model file, at most; a larger file is something else.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 30;
/// Inputs of any layer of a network, at most; also the largest hidden size.
pub(crate) const MAX_LAYER: usize = 8192;
/// Rows of any tensor, at most: a GRU of the largest size stacks its three gates.
pub(crate) const MAX_ROWS: usize = 3 * MAX_LAYER;
/// Sampling rates of the analysed sound, Hz.
pub(crate) const SAMPLE_RATE: RangeInclusive<usize> = 1000..=768_000;
/// Samples from one frame to the next.
pub(crate) const HOP_SIZE: RangeInclusive<usize> = 1..=1 << 16;
/// Samples of a cycle frame.
pub(crate) const WINDOW_SIZE: RangeInclusive<usize> = 16..=1 << 16;
/// Length of the Fourier transform, at most.
pub(crate) const MAX_N_FFT: usize = 1 << 17;
/// Cycles of the fundamental in a cycle frame, at most.
pub(crate) const MAX_CYCLES: usize = 64;
/// Samples of a cycle frame for each of its cycles, at least.
pub(crate) const MIN_SAMPLES_PER_CYCLE: usize = 4;
