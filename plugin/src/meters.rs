//! Numbers that the audio thread writes and the editor reads, all of them atomic.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// An `f32` that one thread writes and others read.
#[derive(Debug, Default)]
pub struct AtomicValue(AtomicU32);

impl AtomicValue {
    /// Returns the value.
    pub fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Replaces the value.
    pub fn set(&self, value: f32) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Raises the value to `value` if that is larger. The value that is held must not be negative.
    pub fn raise(&self, value: f32) {
        // Floats from 0 upwards sort like the integers that have the same bits.
        self.0.fetch_max(value.max(0.0).to_bits(), Ordering::Relaxed);
    }

    /// Returns the value and sets it to 0.
    pub fn take(&self) -> f32 {
        f32::from_bits(self.0.swap(0, Ordering::Relaxed))
    }
}

/// The set of MIDI keys that are held down. One thread writes it, others read it.
#[derive(Debug, Default)]
pub struct AtomicKeys([AtomicU64; 2]);

impl AtomicKeys {
    /// Whether a MIDI key, 0 to 127, is held.
    pub fn contains(&self, key: u8) -> bool {
        let half = self.0.get(usize::from(key) / 64);
        half.is_some_and(|half| half.load(Ordering::Relaxed) >> (key % 64) & 1 == 1)
    }

    /// Replaces the set: one bit for each key, the lowest for key 0.
    pub fn set(&self, keys: u128) {
        self.0[0].store(keys as u64, Ordering::Relaxed);
        self.0[1].store((keys >> 64) as u64, Ordering::Relaxed);
    }
}

/// What the audio thread measures while the editor is open.
#[derive(Debug, Default)]
pub struct Meters {
    /// The number of voices that sound.
    pub voices: AtomicU32,
    /// The share of a block's duration that computing it took, smoothed; at 1 the sound drops out.
    pub load: AtomicValue,
    /// The largest amplitudes of left and right since [`AtomicValue::take`] was last called.
    pub peaks: [AtomicValue; 2],
    /// The keys that the host or the editor holds down.
    pub keys: AtomicKeys,
}
