//! Several recordings at a time, but never more than memory is meant for.

use crate::Result;
use rayon::Scope;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Passages that are analysed, and so in memory, at the same time.
const AT_ONCE: usize = 4;

/// Calls `work` with each number below `count` and with the number of passages it may work on at
/// once; results in order. Runs on rayon's current pool.
pub(super) fn for_each<T: Send>(
    count: usize,
    work: impl Fn(usize, usize) -> Result<T> + Sync,
) -> Vec<Result<T>> {
    let at_once = AT_ONCE.min(rayon::current_num_threads());
    let lanes = at_once.min(count).max(1);
    let work = |index| work(index, at_once / lanes);
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let lane = Lane { count, next: &next, results: &results, work: &work };
    rayon::scope(|scope| (0..lanes).for_each(|_| lane.go_on(scope)));
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

struct Lane<'a, T, W> {
    count: usize,
    next: &'a AtomicUsize,
    results: &'a Mutex<Vec<(usize, Result<T>)>>,
    work: &'a W,
}

impl<T, W> Clone for Lane<'_, T, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, W> Copy for Lane<'_, T, W> {}

impl<'a, T: Send, W: Fn(usize) -> Result<T> + Sync> Lane<'a, T, W> {
    /// Does one piece of work and then spawns the next. A thread that waits inside one recording
    /// may begin another: of a loop over all of them it would not come back before the end.
    fn go_on(self, scope: &Scope<'a>) {
        scope.spawn(move |scope| {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.count {
                return;
            }
            let result = (self.work)(index);
            self.results
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push((index, result));
            self.go_on(scope);
        });
    }
}
