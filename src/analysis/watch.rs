//! Watching long work from another thread, and stopping it.

use crate::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Shared between the threads that work and the one that shows progress.
#[derive(Debug, Default)]
pub struct Watch {
    stopped: AtomicBool,
    frames: AtomicUsize,
    files: AtomicUsize,
    bytes: AtomicU64,
    needless: AtomicU64,
}

impl Watch {
    /// Asks the work to stop soon.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Frames done so far.
    pub fn frames(&self) -> usize {
        self.frames.load(Ordering::Relaxed)
    }

    /// Files done so far.
    pub fn files(&self) -> usize {
        self.files.load(Ordering::Relaxed)
    }

    /// Bytes of sound analysed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of sound that need no analysis, as far as it is known.
    pub fn needless_bytes(&self) -> u64 {
        self.needless.load(Ordering::Relaxed)
    }

    /// # Errors
    /// [`Error::Interrupted`] after [`Watch::stop`].
    pub(crate) fn check(&self) -> Result<()> {
        if self.stopped.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    pub(crate) fn advance(&self, frames: usize) {
        self.frames.fetch_add(frames, Ordering::Relaxed);
    }

    pub(crate) fn advance_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn spare_bytes(&self, bytes: u64) {
        self.needless.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn finish_file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
}
