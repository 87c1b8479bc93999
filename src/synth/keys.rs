//! The keys that are down, in the order in which they were pressed.

/// Most keys of all channels that are remembered.
const MAX_KEYS: usize = 128;

/// A key that is down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Key {
    /// MIDI channel.
    pub channel: u8,
    /// MIDI note number.
    pub note: u8,
    /// 0 to 1.
    pub velocity: f32,
}

/// The keys that are down: when one comes up, a monophonic instrument goes back to the one that was
/// pressed before it.
#[derive(Clone, Debug)]
pub struct HeldKeys {
    keys: [Key; MAX_KEYS],
    count: usize,
}

impl Default for HeldKeys {
    fn default() -> Self {
        Self { keys: [Key::default(); MAX_KEYS], count: 0 }
    }
}

impl HeldKeys {
    /// Adds a key that has gone down. If [`MAX_KEYS`] are down already, the one pressed first is
    /// forgotten.
    pub fn press(&mut self, key: Key) {
        self.release(key.channel, key.note);
        if self.count == MAX_KEYS {
            self.keys.copy_within(1.., 0);
            self.count -= 1;
        }
        self.keys[self.count] = key;
        self.count += 1;
    }

    /// Removes a key that has come up.
    pub fn release(&mut self, channel: u8, note: u8) {
        self.retain(|key| (key.channel, key.note) != (channel, note));
    }

    /// The key that was pressed last of those that are down.
    pub fn last(&self) -> Option<Key> {
        self.keys[..self.count].last().copied()
    }

    /// Forgets all keys but those for which `keep` returns true.
    pub fn retain(&mut self, keep: impl Fn(&Key) -> bool) {
        let mut kept = 0;
        for i in 0..self.count {
            if keep(&self.keys[i]) {
                self.keys[kept] = self.keys[i];
                kept += 1;
            }
        }
        self.count = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_down_is_known() {
        let mut keys = HeldKeys::default();
        let key = |note| Key { channel: 1, note, velocity: 0.5 };
        for note in [60, 64, 67, 64] {
            keys.press(key(note));
        }
        assert_eq!(keys.last(), Some(key(64)));
        keys.release(1, 64);
        keys.release(0, 67);
        assert_eq!(keys.last(), Some(key(67)));
        for note in 0..=255 {
            keys.press(key(note));
        }
        for note in 1..=255 {
            keys.release(1, note);
        }
        assert_eq!(keys.last(), None, "the oldest were forgotten");
        keys.press(key(1));
        keys.retain(|key| key.channel != 1);
        assert_eq!(keys.last(), None);
    }
}
