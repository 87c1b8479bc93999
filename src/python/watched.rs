//! Long work without the GIL, which reports its progress and stops at Ctrl-C.

use crate::{Error, Result, Watch};
use pyo3::prelude::*;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often signals are checked and progress is reported.
const TICK: Duration = Duration::from_millis(100);

/// Runs `work` on a thread pool of its own and returns what it returns.
///
/// The pool lives as long as the call. A process that forks has no pool whose threads would be
/// missing in the child.
/// `report` is called on this thread about ten times a second, and once at the end.
pub(super) fn run<T: Send>(
    py: Python<'_>,
    num_threads: Option<usize>,
    watch: &Watch,
    mut report: impl FnMut(&Watch) -> PyResult<()>,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    if num_threads == Some(0) {
        return Err(Error::parameter("num_threads is 0, wanted at least 1 or None").into());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(num_threads.unwrap_or(0))
        .build()
        .map_err(|error| Error::Parameter(format!("cannot start the threads: {error}")))?;
    let finished = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _signal = Signal(&finished);
            pool.install(work)
        });
        let mut stopped = None;
        loop {
            let done = py.detach(|| {
                let guard = finished.0.lock().unwrap_or_else(PoisonError::into_inner);
                let wait = finished.1.wait_timeout_while(guard, TICK, |done| !*done);
                *wait.unwrap_or_else(PoisonError::into_inner).0
            });
            if stopped.is_none()
                && let Err(error) = py.check_signals().and_then(|()| report(watch))
            {
                watch.stop();
                stopped = Some(error);
            }
            if done {
                break;
            }
        }
        let result = py.detach(|| worker.join());
        match (stopped, result) {
            (Some(error), _) => {
                // A last report of how far the work came. The error is known already.
                let _ = report(watch);
                Err(error)
            }
            (None, Ok(result)) => Ok(result?),
            (None, Err(_)) => Err(Error::parameter("internal error in the analysis").into()),
        }
    })
}

/// Tells the waiting thread that the work has ended, even if it panicked.
struct Signal<'a>(&'a (Mutex<bool>, Condvar));

impl Drop for Signal<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// [`run`] for work that shows no progress.
pub(super) fn run_quietly<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Watch) -> Result<T> + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    run(py, None, &watch, |_| Ok(()), || work(&watch))
}
