//! Damaged audio files of every kind end cleanly: no panic, no hang, no memory out of proportion.
//!
//! `make fuzz` tries many more.

use proptest::prelude::*;
use proptest::sample::Index;
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use wms::audio::{self, ReadOptions};

/// Memory that reading a file of a few kB may take. A tag of a flac file may be of 16 MiB.
const MOST_BYTES: usize = 200 << 20;
const LONGEST: Duration = Duration::from_secs(20);

/// Counts the memory that is in use, and its peak.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = USED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(used, Ordering::Relaxed);
        // SAFETY: as the caller guarantees.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller guarantees.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A change to a file.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    /// Numbers at the edges of their range are what breaks readers.
    SetFour(Index, u32),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Cut(Index),
    Double,
}

fn change() -> impl Strategy<Value = Change> {
    let edge = prop_oneof![Just(0), Just(u32::MAX), Just(1 << 31), Just(0x7fff_ffff), any::<u32>()];
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        3 => (any::<Index>(), edge).prop_map(|(at, number)| Change::SetFour(at, number)),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..700))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (any::<Index>(), 1..500_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => Just(Change::Double),
    ]
}

/// Where a change happens: mostly within the first bytes, where the header is.
fn place(at: Index, length: usize) -> usize {
    if length == 0 {
        0
    } else if at.index(3) > 0 {
        at.index(length.min(200))
    } else {
        at.index(length)
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    match change {
        Change::Set(at, byte) if length > 0 => bytes[place(*at, length)] = *byte,
        Change::SetFour(at, number) if length >= 4 => {
            let at = place(*at, length - 3);
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        Change::Insert(at, new) => {
            let at = place(*at, length);
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Remove(at, count) => {
            let at = place(*at, length);
            bytes.drain(at..length.min(at + count));
        }
        Change::Cut(at) => bytes.truncate(at.index(length + 1)),
        Change::Double if length < 100_000 => bytes.extend_from_within(..),
        _ => {}
    }
}

fn seeds() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let files = ["formats", "formats_not_read"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(data.join(folder)).unwrap())
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

/// Mutated files that are tried of each kind.
fn cases() -> u32 {
    std::env::var("WMS_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

#[test]
fn mutated_files_of_every_kind_end_cleanly() {
    // The panics of decoders are caught, and each would print its place.
    std::panic::set_hook(Box::new(|_| {}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mutated.bin");
    let result = std::panic::catch_unwind(|| {
        for seed in seeds() {
            let whole = std::fs::read(&seed).unwrap();
            let config = ProptestConfig {
                cases: cases(),
                failure_persistence: None,
                max_shrink_iters: 30,
                ..ProptestConfig::default()
            };
            let changes = prop::collection::vec(change(), 1..5);
            let mut runner = prop::test_runner::TestRunner::new(config);
            let outcome = runner.run(&changes, |changes| {
                let mut bytes = whole.clone();
                changes.iter().for_each(|change| apply(&mut bytes, change));
                std::fs::write(&path, &bytes).unwrap();
                let (before, began) = (USED.load(Ordering::Relaxed), Instant::now());
                PEAK.store(before, Ordering::Relaxed);
                match audio::load(&path, None, ReadOptions::default()) {
                    Ok(sound) => prop_assert!(sound.samples.iter().all(|x| x.is_finite())),
                    Err(error) => prop_assert!(!error.to_string().contains('\n')),
                }
                let used = PEAK.load(Ordering::Relaxed) - before;
                prop_assert!(used < MOST_BYTES, "{used} bytes");
                prop_assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
                Ok(())
            });
            if let Err(error) = outcome {
                return Some(format!("{}: {error}", seed.display()));
            }
        }
        None
    });
    let _ = std::panic::take_hook();
    match result {
        Ok(None) => {}
        Ok(Some(failure)) => panic!("{failure}"),
        Err(cause) => std::panic::resume_unwind(cause),
    }
}
