//! Arrays in memory, or in a file that is mapped into memory.

use bytemuck::Pod;
use memmap2::Mmap;
use ndarray::{ArcArray, Array, Array1, ArrayView, Dimension, Ix1};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A read-only array, in memory or in a file. Of a file, only the parts that are used are read.
/// Clones share the values.
#[derive(Clone)]
pub struct Stored<T, D>(Storage<T, D>);

#[derive(Clone)]
enum Storage<T, D> {
    Memory(ArcArray<T, D>),
    /// A range of a file's bytes that holds aligned values in this machine's byte order.
    File {
        map: Arc<Mmap>,
        bytes: Range<usize>,
        shape: D,
    },
}

impl<T: Pod, D: Dimension> Stored<T, D> {
    /// The array whose little-endian values are the range `bytes` of a mapped file. They are copied
    /// to memory if they are not aligned or this machine is big-endian.
    pub(super) fn of_file(map: &Arc<Mmap>, bytes: Range<usize>, shape: D) -> Self {
        let values = &map[bytes.clone()];
        if cfg!(target_endian = "little") && bytemuck::try_cast_slice::<u8, T>(values).is_ok() {
            return Self(Storage::File { map: Arc::clone(map), bytes, shape });
        }
        let values = ArcArray::from_shape_vec(shape, from_le_bytes(values));
        Self(Storage::Memory(values.expect("the header was checked")))
    }

    /// The array, without copying it.
    #[expect(clippy::missing_panics_doc, reason = "a file's shape is checked when it is opened")]
    pub fn view(&self) -> ArrayView<'_, T, D> {
        match &self.0 {
            Storage::Memory(values) => values.view(),
            Storage::File { map, bytes, shape } => {
                let values = bytemuck::cast_slice(&map[bytes.clone()]);
                ArrayView::from_shape(shape.clone(), values).expect("the header was checked")
            }
        }
    }
}

impl<T: Clone, D: Dimension> From<Array<T, D>> for Stored<T, D> {
    fn from(values: Array<T, D>) -> Self {
        Self(Storage::Memory(values.into_shared()))
    }
}

impl<T: Clone> From<Vec<T>> for Stored<T, Ix1> {
    fn from(values: Vec<T>) -> Self {
        Array1::from_vec(values).into()
    }
}

impl<T: Pod + PartialEq, D: Dimension> PartialEq for Stored<T, D> {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl<T: Pod + fmt::Debug, D: Dimension> fmt::Debug for Stored<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

/// Converts a file's little-endian bytes to values.
pub(super) fn from_le_bytes<T: Pod>(bytes: &[u8]) -> Vec<T> {
    let bytes = native_order(bytes, size_of::<T>());
    bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()
}

/// Converts values to little-endian bytes for a file.
pub(super) fn to_le_bytes<T: Pod>(values: &[T]) -> Cow<'_, [u8]> {
    native_order(bytemuck::cast_slice(values), size_of::<T>())
}

/// Turns values of `size` bytes from little-endian into this machine's order, or back.
fn native_order(bytes: &[u8], size: usize) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    Cow::Owned(bytes)
}
