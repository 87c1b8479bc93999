//! Values in memory of their own, or in a file that is mapped into memory.

use memmap2::Mmap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Numbers that are the same in a file and in memory, whatever their bits.
///
/// # Safety
/// Every pattern of bits must be a value, and `from_bytes` must read little-endian ones.
pub(super) unsafe trait Plain: Copy {
    /// Reads the values that `bytes` hold.
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! plain {
    ($($kind:ty),*) => {$(
        // SAFETY: a number whose every pattern of bits is a value.
        unsafe impl Plain for $kind {
            fn from_bytes(bytes: &[u8]) -> Vec<Self> {
                let (chunks, _) = bytes.as_chunks::<{ size_of::<$kind>() }>();
                chunks.iter().map(|chunk| Self::from_le_bytes(*chunk)).collect()
            }
        }
    )*};
}

plain!(f32, f64, i32);

/// A sequence of numbers that is never changed.
pub struct Column<T>(Storage<T>);

enum Storage<T> {
    Owned(Arc<Vec<T>>),
    Mapped {
        values: *const T,
        length: usize,
        /// Keeps `values` where they are.
        map: Arc<Mmap>,
    },
}

// SAFETY: the pointer is into a read-only map that the column keeps, which any thread may read.
unsafe impl<T: Send + Sync> Send for Column<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Column<T> {}

/// `length` values at byte `start` of a file: the file's own memory, or, where they are not aligned
/// or not in this machine's order of bytes, a copy.
pub(super) fn of_file<T: Plain>(map: &Arc<Mmap>, start: usize, length: usize) -> Column<T> {
    let bytes = &map[start..start + length * size_of::<T>()];
    let values = bytes.as_ptr().cast::<T>();
    if cfg!(target_endian = "little") && values.is_aligned() {
        Column(Storage::Mapped { values, length, map: Arc::clone(map) })
    } else {
        T::from_bytes(bytes).into()
    }
}

impl<T> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Storage::Owned(values) => values,
            // SAFETY: `of_file` found `length` aligned values there, of which every pattern of bits
            // is one, and the map lives as long as `self`. As for all mapped files, that no other
            // process changes them is up to the user; this one replaces files, never writes into
            // them.
            Storage::Mapped { values, length, .. } => unsafe {
                std::slice::from_raw_parts(*values, *length)
            },
        }
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Storage::Owned(Arc::new(values)))
    }
}

impl<'a, T> IntoIterator for &'a Column<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Storage::Owned(values) => Storage::Owned(Arc::clone(values)),
            Storage::Mapped { values, length, map } => {
                Storage::Mapped { values: *values, length: *length, map: Arc::clone(map) }
            }
        })
    }
}

impl<T: PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
