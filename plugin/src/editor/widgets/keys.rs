//! A strip of piano keys.

use egui::{Painter, Pos2, Rect, pos2, vec2};

use crate::editor::theme;

/// First key of the strip, C1.
pub const LOWEST: u8 = 24;
/// Last key of the strip, C7.
pub const HIGHEST: u8 = 96;
/// Width of a black key, where a white key is 1 wide.
const BLACK_WIDTH: f32 = 0.6;
/// Length of a black key, where a white key is 1 long.
const BLACK_LENGTH: f32 = 0.6;

fn is_black(key: u8) -> bool {
    matches!(key % 12, 1 | 3 | 6 | 8 | 10)
}

/// The number of white keys of the strip below a key.
fn whites_below(key: u8) -> usize {
    (LOWEST..key).filter(|&below| !is_black(below)).count()
}

/// The area of a MIDI key in the strip.
pub fn area(strip: Rect, key: u8) -> Rect {
    let width = strip.width() / whites_below(HIGHEST + 1) as f32;
    let left = strip.left() + whites_below(key) as f32 * width;
    if is_black(key) {
        let size = vec2(BLACK_WIDTH * width, BLACK_LENGTH * strip.height());
        Rect::from_min_size(pos2(left - size.x / 2.0, strip.top()), size)
    } else {
        Rect::from_min_size(pos2(left, strip.top()), vec2(width, strip.height()))
    }
}

/// The MIDI key at a point, and the velocity of a press there, 0 to 1: softer towards the upper end of
/// the key.
pub fn hit(strip: Rect, at: Pos2) -> Option<(u8, f32)> {
    if !strip.contains(at) {
        return None;
    }
    // The black keys lie on top of the white ones.
    let found = |black| {
        (LOWEST..=HIGHEST).find(|&key| is_black(key) == black && area(strip, key).contains(at))
    };
    let key = found(true).or_else(|| found(false))?;
    let area = area(strip, key);
    let depth = ((at.y - area.top()) / area.height()).clamp(0.0, 1.0);
    Some((key, 0.3 + 0.7 * depth))
}

/// Draws the strip. Keys for which `is_down` is true are lit, and those for which `sounds_well` is false
/// are dim.
pub fn show(
    painter: &Painter,
    strip: Rect,
    is_down: impl Fn(u8) -> bool,
    sounds_well: impl Fn(u8) -> bool,
) {
    let white = theme::mix(theme::TEXT, theme::PANEL, 0.25);
    for black in [false, true] {
        for key in (LOWEST..=HIGHEST).filter(|&key| is_black(key) == black) {
            let body = area(strip, key).shrink2(vec2(0.75, 0.0));
            let color = if is_down(key) {
                theme::ACCENT
            } else if black {
                theme::GROUND
            } else if sounds_well(key) {
                white
            } else {
                theme::mix(white, theme::PANEL, 0.55)
            };
            let round = egui::CornerRadius { nw: 0, ne: 0, sw: 3, se: 3 };
            painter.rect_filled(body, round, color);
            if key % 12 == 0 {
                let at = pos2(body.center().x, body.bottom() - 8.0);
                let name = format!("C{}", i32::from(key) / 12 - 1);
                let font = egui::FontId::proportional(9.0);
                painter.text(at, egui::Align2::CENTER_CENTER, name, font, theme::GROUND);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_hit_in_its_middle_and_black_ones_lie_on_top() {
        let strip = Rect::from_min_size(pos2(10.0, 5.0), vec2(860.0, 50.0));
        for key in LOWEST..=HIGHEST {
            let area = area(strip, key);
            let at = pos2(area.center().x, area.bottom() - 1.0);
            assert_eq!(hit(strip, at).map(|(hit, _)| hit), Some(key));
        }
        let c_sharp = area(strip, LOWEST + 1);
        assert_eq!(hit(strip, c_sharp.left_top() + vec2(0.5, 1.0)).map(|(key, _)| key), Some(25));
        assert_eq!(hit(strip, pos2(0.0, 0.0)), None);
        assert_eq!(area(strip, HIGHEST).right().round(), strip.right());
    }

    #[test]
    fn lower_on_the_key_is_louder() {
        let strip = Rect::from_min_size(pos2(0.0, 0.0), vec2(860.0, 50.0));
        let (_, soft) = hit(strip, pos2(1.0, 1.0)).unwrap();
        let (_, loud) = hit(strip, pos2(1.0, 49.0)).unwrap();
        assert!(soft < 0.4 && loud > 0.9, "{soft} {loud}");
    }
}
