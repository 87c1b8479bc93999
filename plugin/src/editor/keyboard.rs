//! Playing on the computer's keys and with the mouse on the piano strip.

use std::collections::BTreeSet;

use egui::{Event, Key, Ui};

use crate::shared::{KeyPress, Shared};

/// Two rows of letters as a piano: the white keys from A, C upwards, the black ones above them.
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
/// Velocity of the computer's keys, which feel none.
const VELOCITY: f32 = 0.8;
/// Lowest and highest C that the key A can play.
const OCTAVES: std::ops::RangeInclusive<i32> = 12..=96;

/// What is held down in the window.
pub struct Keyboard {
    base: i32,
    letters: Vec<(Key, u8)>,
    mouse: Option<u8>,
}

impl Default for Keyboard {
    fn default() -> Self {
        Self { base: 48, letters: Vec::new(), mouse: None }
    }
}

impl Keyboard {
    /// Whether a key sounds.
    pub fn is_down(&self, key: u8) -> bool {
        self.mouse == Some(key) || self.letters.iter().any(|&(_, held)| held == key)
    }

    /// Plays what the computer's keys did in this frame: Z and X change the octave.
    pub fn type_keys(&mut self, ui: &Ui, shared: &Shared) {
        let is_typing = ui.ctx().egui_wants_keyboard_input();
        let events = ui.input(|input| {
            let plain = !input.modifiers.command && !input.modifiers.alt;
            // No key is heard to come up in a window that has lost the keyboard.
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

    /// What to play for what happened to the computer's keys. A key that repeats while it is held
    /// comes up and down at once on some systems: only what is left at the end counts.
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

    /// The mouse is down on a key of the strip, or on none.
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

    /// Lets everything go.
    pub fn release_all(&mut self, shared: &Shared) {
        self.release_letters(shared);
        self.touch(None, shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_play_and_repeating_ones_do_not_start_anew() {
        let mut keyboard = Keyboard::default();
        assert_eq!(keyboard.pressed(&[(Key::A, true)]), [(48, VELOCITY)]);
        assert_eq!(keyboard.pressed(&[(Key::A, false), (Key::A, true)]), []);
        assert_eq!(keyboard.pressed(&[(Key::A, true)]), []);
        assert!(keyboard.is_down(48));
        assert_eq!(keyboard.pressed(&[(Key::X, true)]), []);
        // It ends where it began, whatever the octave is by now.
        assert_eq!(keyboard.pressed(&[(Key::A, false)]), [(48, 0.0)]);
        assert_eq!(keyboard.pressed(&[(Key::W, true)]), [(61, VELOCITY)]);
        assert_eq!(keyboard.pressed(&[(Key::Space, true)]), []);
    }

    #[test]
    fn octaves_end_within_the_keys_that_there_are() {
        let mut keyboard = Keyboard::default();
        for _ in 0..20 {
            keyboard.pressed(&[(Key::X, true), (Key::X, false)]);
            keyboard.pressed(&[(Key::X, true)]);
        }
        let played = keyboard.pressed(&[(Key::P, true)]);
        assert_eq!(played, [(111, VELOCITY)]);
    }
}
