//! Following long work from another thread, and stopping it.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Shows the progress of a long analysis, and stops it on request.
///
/// Share one by reference between the threads that work and the thread that shows progress. All
/// counters start at 0 and only grow.
#[derive(Debug, Default)]
pub struct Watch {
    stopped: AtomicBool,
    frames: AtomicUsize,
    files: AtomicUsize,
    bytes: AtomicU64,
    reused_bytes: AtomicU64,
}

impl Watch {
    /// Asks the work to stop soon; it then returns [`Error::Interrupted`].
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Number of frames that have been analysed.
    pub fn frames(&self) -> usize {
        self.frames.load(Ordering::Relaxed)
    }

    /// Number of files that are finished.
    pub fn files(&self) -> usize {
        self.files.load(Ordering::Relaxed)
    }

    /// Bytes of the audio files (as stored, still encoded) that have been analysed.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Size in bytes of all files whose earlier analysis is reused. It grows while the files are
    /// being looked through.
    pub fn reused_bytes(&self) -> u64 {
        self.reused_bytes.load(Ordering::Relaxed)
    }

    /// Returns an error once the work is asked to stop; long loops call this often.
    ///
    /// # Errors
    /// [`Error::Interrupted`] after [`Watch::stop`].
    pub(crate) fn check(&self) -> Result<()> {
        if self.stopped.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Counts `frames` more frames as analysed.
    pub(crate) fn advance(&self, frames: usize) {
        self.frames.fetch_add(frames, Ordering::Relaxed);
    }

    /// Counts `bytes` more bytes of encoded sound as analysed.
    pub(crate) fn advance_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a file of `bytes` bytes as analysed before.
    pub(crate) fn reuse_bytes(&self, bytes: u64) {
        self.reused_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts one more file as finished.
    pub(crate) fn finish_file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
}
