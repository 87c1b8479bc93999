//! Plays notes with the computer's keys, and with the mouse on the piano strip.

use std::collections::BTreeSet;

use egui::{Event, Key, Ui};

use crate::shared::{KeyPress, Shared};

/// Two rows of letters as a piano: A is a C, the letters to its right are the white keys, and those
/// above them the black keys.
const LETTERS: [Key; 16] = [
    Key::A,
    Key::W,
    Key::S,
    Key::E,
    Key::D,
    Key::F,
    Key::T,
    Key::G,
    Key::Y,
    Key::H,
    Key::U,
    Key::J,
    Key::K,
    Key::O,
    Key::L,
    Key::P,
];
/// The velocity of the computer's keys, which do not measure how hard they are pressed.
const VELOCITY: f32 = 0.8;
/// The lowest and the highest MIDI key that the letter A can play.
const OCTAVES: std::ops::RangeInclusive<i32> = 12..=96;

/// The keys that are held down in the window.
pub struct Keyboard {
    /// The MIDI key that the letter A plays.
    base: i32,
    /// The letters that are held, each with the MIDI key that it started.
    letters: Vec<(Key, u8)>,
    /// The MIDI key that the mouse holds.
    mouse: Option<u8>,
}

impl Default for Keyboard {
    fn default() -> Self {
        Self { base: 48, letters: Vec::new(), mouse: None }
    }
}

impl Keyboard {
    /// Whether a MIDI key is held in the window.
    pub fn is_down(&self, key: u8) -> bool {
        self.mouse == Some(key) || self.letters.iter().any(|&(_, held)| held == key)
    }

    /// Plays what was typed in this frame: letters are notes, and Z and X change the octave.
    pub fn type_keys(&mut self, ui: &Ui, shared: &Shared) {
        let is_typing = ui.ctx().egui_wants_keyboard_input();
        let events = ui.input(|input| {
            let plain = !input.modifiers.command && !input.modifiers.alt;
            // A window without the focus is not told when a key is released.
            let is_left = input.events.contains(&Event::WindowFocused(false));
            if is_left || is_typing || !plain { None } else { Some(input.events.clone()) }
        });
        let Some(events) = events else {
            self.release_letters(shared);
            return;
        };
        let presses = events.iter().filter_map(|event| match event {
            Event::Key { key, pressed, .. } => Some((*key, *pressed)),
            _ => None,
        });
        for (key, velocity) in self.pressed(&presses.collect::<Vec<_>>()) {
            shared.press(KeyPress { key, velocity });
        }
    }

    /// Turns presses (true) and releases (false) of the computer's keys into MIDI keys with velocities,
    /// where 0 is a release. Some systems report a release and a press whenever a held key repeats, so
    /// only the last report of each key counts.
    fn pressed(&mut self, presses: &[(Key, bool)]) -> Vec<(u8, f32)> {
        let touched: BTreeSet<Key> = presses.iter().map(|&(key, _)| key).collect();
        let mut played = Vec::new();
        for letter in touched {
            let is_down = presses.iter().rev().find(|(key, _)| *key == letter).is_some_and(|p| p.1);
            let held = self.letters.iter().position(|(key, _)| *key == letter);
            match (held, is_down) {
                (Some(at), false) => played.push((self.letters.remove(at).1, 0.0)),
                (None, true) => match letter {
                    Key::Z => self.base = (self.base - 12).max(*OCTAVES.start()),
                    Key::X => self.base = (self.base + 12).min(*OCTAVES.end()),
                    _ => {
                        let step = LETTERS.iter().position(|key| *key == letter);
                        let key = step.and_then(|step| u8::try_from(self.base + step as i32).ok());
                        if let Some(key) = key.filter(|key| *key < 128) {
                            self.letters.push((letter, key));
                            played.push((key, VELOCITY));
                        }
                    }
                },
                _ => {}
            }
        }
        played
    }

    fn release_letters(&mut self, shared: &Shared) {
        for (_, key) in self.letters.drain(..) {
            shared.press(KeyPress { key, velocity: 0.0 });
        }
    }

    /// Moves the mouse to a MIDI key with a velocity, or to none.
    pub fn touch(&mut self, touched: Option<(u8, f32)>, shared: &Shared) {
        let key = touched.map(|(key, _)| key);
        if key == self.mouse {
            return;
        }
        if let Some(key) = self.mouse.take() {
            shared.press(KeyPress { key, velocity: 0.0 });
        }
        if let Some((key, velocity)) = touched {
            shared.press(KeyPress { key, velocity });
            self.mouse = Some(key);
        }
    }

    /// Releases all keys.
    pub fn release_all(&mut self, shared: &Shared) {
        self.release_letters(shared);
        self.touch(None, shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_play_and_repeating_ones_do_not_start_again() {
        let mut keyboard = Keyboard::default();
        assert_eq!(keyboard.pressed(&[(Key::A, true)]), [(48, VELOCITY)]);
        assert_eq!(keyboard.pressed(&[(Key::A, false), (Key::A, true)]), []);
        assert_eq!(keyboard.pressed(&[(Key::A, true)]), []);
        assert!(keyboard.is_down(48));
        assert_eq!(keyboard.pressed(&[(Key::X, true)]), []);
        // The release is of the key that was started, although the octave has changed since.
        assert_eq!(keyboard.pressed(&[(Key::A, false)]), [(48, 0.0)]);
        assert_eq!(keyboard.pressed(&[(Key::W, true)]), [(61, VELOCITY)]);
        assert_eq!(keyboard.pressed(&[(Key::Space, true)]), []);
    }

    #[test]
    fn octaves_stay_within_the_midi_keys() {
        let mut keyboard = Keyboard::default();
        for _ in 0..20 {
            keyboard.pressed(&[(Key::X, true), (Key::X, false)]);
            keyboard.pressed(&[(Key::X, true)]);
        }
        let played = keyboard.pressed(&[(Key::P, true)]);
        assert_eq!(played, [(111, VELOCITY)]);
    }
}
