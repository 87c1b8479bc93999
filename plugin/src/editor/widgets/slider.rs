//! An upright slider with a bar that shows where the training data lies.

use egui::{Align2, FontId, Rect, Sense, Stroke, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::Control;
use crate::editor::theme;
use crate::editor::widgets::{explain, turn, value};

/// Height of the handle, points.
const HANDLE_HEIGHT: f32 = 6.0;
/// Names are set smaller in a column that is narrower than this, points.
pub const CROWDED: f32 = 56.0;
/// Height of the name and the value below the rail, points.
const TEXT_HEIGHT: f32 = 38.0;

/// What a slider shows beside its value.
pub struct Look<'a> {
    /// The full name, for the tooltip.
    pub name: &'a str,
    /// The name below the slider, which is shortened if it is too long.
    pub label: &'a str,
    /// What the parameter does, for the tooltip.
    pub hint: &'a str,
    /// The range of the training data, as positions of the parameter.
    pub trained: Option<[f32; 2]>,
    /// Whether the default position is marked.
    pub rest: bool,
}

/// The vertical coordinate of a position, 0 to 1, on a rail, points.
pub fn height(rail: Rect, position: f32) -> f32 {
    rail.bottom() - position * rail.height()
}

/// The rail in the column of a slider.
pub fn rail(column: Rect) -> Rect {
    let top = column.top() + HANDLE_HEIGHT;
    let bottom = (column.bottom() - TEXT_HEIGHT - HANDLE_HEIGHT).max(top + 1.0);
    Rect::from_x_y_ranges(column.center().x - 4.0..=column.center().x + 4.0, top..=bottom)
}

/// Draws a slider that fills `column`.
pub fn show(ui: &mut Ui, column: Rect, look: &Look, control: &dyn Control, setter: &ParamSetter) {
    let rail = rail(column);
    let id = ui.scope_id().with(control.full_name());
    let grip = rail.expand2(vec2((column.width() / 2.0 - 5.0).clamp(6.0, 14.0), HANDLE_HEIGHT));
    let response = ui.interact(grip, id, Sense::click_and_drag());
    turn::turn(ui, &response, control, setter, rail.height());
    let painter = ui.painter();
    painter.rect_filled(rail, 4.0, theme::RAIL);
    if let Some([low, high]) = look.trained {
        let bar = Rect::from_x_y_ranges(
            rail.center().x - 7.0..=rail.center().x + 7.0,
            height(rail, high.clamp(0.0, 1.0))..=height(rail, low.clamp(0.0, 1.0)),
        );
        painter.rect_filled(bar, 4.0, theme::TRAINED);
    }
    let middle = rail.center().x;
    if look.rest {
        let y = height(rail, control.default_position());
        painter.hline(middle - 5.0..=middle + 5.0, y, Stroke::new(1.0, theme::SECONDARY));
    }
    let (position, modulated) = (control.position(), control.modulated_position());
    if (modulated - position).abs() > 1e-3 {
        let y = height(rail, modulated);
        painter.hline(middle - 9.0..=middle + 9.0, y, Stroke::new(2.0, theme::TEAL));
    }
    let width = (column.width() - 8.0).clamp(14.0, 24.0);
    let handle =
        Rect::from_center_size(pos2(middle, height(rail, position)), vec2(width, HANDLE_HEIGHT));
    let held = response.hovered() || response.dragged();
    painter.rect_filled(handle, 3.0, if held { theme::ACCENT } else { theme::TEXT });
    let at = pos2(middle, column.bottom() - TEXT_HEIGHT + 10.0);
    let color = if held { theme::TEXT } else { theme::SECONDARY };
    let font = if column.width() < CROWDED { FontId::proportional(10.0) } else { theme::small() };
    let name = fitted(ui, look.label, &font, column.width() - 1.0);
    ui.painter().text(at, Align2::CENTER_CENTER, name, font, color);
    let below = Rect::from_center_size(at + vec2(0.0, 18.0), vec2(column.width() - 2.0, 16.0));
    value::show(ui, below, id, control, setter);
    explain(response, control, look.name, look.hint);
}

/// Shortens a name with an ellipsis until it is at most `width` points wide.
pub fn fitted(ui: &Ui, name: &str, font: &FontId, width: f32) -> String {
    let fits = |text: &str| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), theme::TEXT);
        galley.size().x <= width
    };
    shortened(name, fits)
}

fn shortened(name: &str, fits: impl Fn(&str) -> bool) -> String {
    if fits(name) {
        return name.to_owned();
    }
    // Names such as "MFCC 12" differ only in their numbers, so the number is kept.
    let words = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = &name[words.len()..];
    let letters: Vec<char> = words.trim_end().chars().collect();
    let cut =
        |count: usize| format!("{}\u{2026}{number}", letters[..count].iter().collect::<String>());
    (1..letters.len()).rev().map(cut).find(|text| fits(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_heights() {
        let rail = rail(Rect::from_min_size(pos2(10.0, 20.0), vec2(60.0, 200.0)));
        assert_eq!(height(rail, 0.0), rail.bottom());
        assert_eq!(height(rail, 1.0), rail.top());
        assert_eq!(rail.center().x, 40.0);
        let tiny = super::rail(Rect::from_min_size(pos2(0.0, 0.0), vec2(10.0, 10.0)));
        assert!(tiny.height() > 0.0);
    }

    #[test]
    fn long_names_are_cut() {
        let fits = |text: &str| text.chars().count() <= 5;
        assert_eq!(shortened("Level", fits), "Level");
        assert_eq!(shortened("Brightness", fits), "Brig\u{2026}");
        assert_eq!(shortened("MFCC 12", fits), "MF\u{2026}12");
        assert_eq!(shortened("Brightness", |_| false), "");
    }
}
