//! Analyses several recordings at a time, within a fixed amount of memory.

use crate::Result;
use rayon::Scope;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Number of passages that are analysed, and so held in memory, at the same time.
const PASSAGES: usize = 4;

/// Calls `work` for each of `count` recordings, with the recording's number and with how many
/// passages of it may be in memory at once. The results are in the order of the recordings. Runs on
/// rayon's current pool.
pub(super) fn for_each_recording<T: Send>(
    count: usize,
    work: impl Fn(usize, usize) -> Result<T> + Sync,
) -> Vec<Result<T>> {
    let passages = PASSAGES.min(rayon::current_num_threads());
    let workers = passages.min(count).max(1);
    let work = |index| work(index, passages / workers);
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let worker = Worker { count, next: &next, results: &results, work: &work };
    rayon::scope(|scope| (0..workers).for_each(|_| worker.spawn_next(scope)));
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Works on one recording after another, beside other workers.
struct Worker<'a, T, W> {
    count: usize,
    /// Number of the next recording that no worker has begun.
    next: &'a AtomicUsize,
    results: &'a Mutex<Vec<(usize, Result<T>)>>,
    work: &'a W,
}

impl<T, W> Clone for Worker<'_, T, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, W> Copy for Worker<'_, T, W> {}

impl<'a, T: Send, W: Fn(usize) -> Result<T> + Sync> Worker<'a, T, W> {
    /// Spawns a task that works on one recording and then spawns the next task.
    ///
    /// While a rayon thread waits inside one task, it may start another. If a task were a loop over
    /// all recordings, that thread could not resume what it was waiting for until all recordings
    /// are done.
    fn spawn_next(self, scope: &Scope<'a>) {
        scope.spawn(move |scope| {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.count {
                return;
            }
            let result = (self.work)(index);
            let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((index, result));
            drop(results);
            self.spawn_next(scope);
        });
    }
}
