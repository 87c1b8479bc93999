//! The panels of the window, one per file.

pub mod browser;
pub mod header;
pub mod keys;
pub mod pad;
pub mod scope;
pub mod status;
pub mod timbre;
pub mod voice;

use egui::{Align2, Rect, Ui, pos2};

use super::theme;

/// Draws the background and the title of a panel, and returns the area below the title.
fn panel(ui: &Ui, rect: Rect, title: &str) -> Rect {
    let painter = ui.painter();
    painter.rect_filled(rect, theme::PANEL_CORNER, theme::PANEL);
    let at = pos2(rect.left() + theme::INSET, rect.top() + theme::INSET + 6.0);
    painter.text(at, Align2::LEFT_CENTER, title, theme::title(), theme::SECONDARY);
    let min = pos2(rect.left() + theme::INSET, rect.top() + theme::TITLE + 4.0);
    Rect::from_min_max(min, rect.max - egui::vec2(theme::INSET, 8.0))
}

/// The name of the key that is nearest to a pitch, and the pitch's distance from it, as in "A3 +4 ct".
fn pitch_name(f0_hz: f32) -> String {
    let key = 69.0 + 12.0 * (f0_hz / 440.0).log2();
    if !key.is_finite() {
        return String::new();
    }
    let nearest = key.round();
    let cents = (100.0 * (key - nearest)).round();
    let name = key_name(nearest as i32);
    if cents == 0.0 { name } else { format!("{name} {cents:+} ct") }
}

/// The name of a MIDI key, where key 60 is C4.
fn key_name(key: i32) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    format!("{}{}", NAMES[key.rem_euclid(12) as usize], key.div_euclid(12) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitches_have_names() {
        assert_eq!(pitch_name(440.0), "A4");
        assert_eq!(pitch_name(261.63), "C4");
        assert_eq!(pitch_name(442.0), "A4 +8 ct");
        assert_eq!(pitch_name(0.0), "");
        assert_eq!(key_name(-1), "B-2");
    }
}
