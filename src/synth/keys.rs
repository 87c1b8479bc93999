//! The keys that are down, in the order in which they were pressed.

/// Keys of all channels that are remembered.
const MOST: usize = 128;

/// A key that is down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Key {
    /// MIDI channel.
    pub channel: u8,
    /// MIDI note number.
    pub note: u8,
    /// 0..1.
    pub velocity: f32,
}

/// What a monophonic instrument goes back to when a key comes up.
#[derive(Clone, Debug)]
pub struct HeldKeys {
    keys: [Key; MOST],
    count: usize,
}

impl Default for HeldKeys {
    fn default() -> Self {
        Self { keys: [Key::default(); MOST], count: 0 }
    }
}

impl HeldKeys {
    /// A key goes down. Of more keys than hands have, the oldest is forgotten.
    pub fn press(&mut self, key: Key) {
        self.lift(key.channel, key.note);
        if self.count == MOST {
            self.keys.copy_within(1.., 0);
            self.count -= 1;
        }
        self.keys[self.count] = key;
        self.count += 1;
    }

    /// A key comes up.
    pub fn lift(&mut self, channel: u8, note: u8) {
        self.retain(|key| (key.channel, key.note) != (channel, note));
    }

    /// All keys of a channel come up.
    pub fn clear(&mut self, channel: u8) {
        self.retain(|key| key.channel != channel);
    }

    /// The key pressed last of those that are down.
    pub fn last(&self) -> Option<Key> {
        self.keys[..self.count].last().copied()
    }

    fn retain(&mut self, wanted: impl Fn(&Key) -> bool) {
        let mut kept = 0;
        for i in 0..self.count {
            if wanted(&self.keys[i]) {
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
        keys.lift(1, 64);
        keys.lift(0, 67);
        assert_eq!(keys.last(), Some(key(67)));
        for note in 0..=255 {
            keys.press(key(note));
        }
        for note in 1..=255 {
            keys.lift(1, note);
        }
        assert_eq!(keys.last(), None, "the oldest were forgotten");
        keys.press(key(1));
        keys.clear(1);
        assert_eq!(keys.last(), None);
    }
}
