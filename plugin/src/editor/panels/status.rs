//! The line at the bottom: messages, a reminder of the mouse gestures, and the size of the window.

use egui::{Align2, CursorIcon, Rect, Sense, Stroke, Ui, ViewportCommand, pos2, vec2};

use crate::editor::theme;
use crate::editor::widgets::button::{self, Sign};
use crate::shared::Status;
use crate::state::{MIN_WINDOW_HEIGHT, MIN_WINDOW_WIDTH};

/// The magnifications that are offered, percent.
const SCALES: [u16; 5] = [100, 125, 150, 175, 200];
/// In a window narrower than this, an error replaces the reminder of the mouse gestures, points.
const CROWDED: f32 = 1160.0;
/// The reminder of the mouse gestures.
const HELP: &str =
    "drag = move \u{b7} shift = fine \u{b7} double-click = reset \u{b7} right-click = type";

/// Draws the line. `with_keys` is whether the piano strip is shown, and the line's button changes it.
pub fn show(ui: &Ui, rect: Rect, status: &Status, with_keys: &mut bool) {
    let painter = ui.painter();
    let y = rect.center().y;
    let color = match (status.is_error, status.text.is_empty()) {
        (true, _) => theme::ERROR,
        (_, true) => theme::SECONDARY,
        _ => theme::TEAL,
    };
    painter.circle_filled(pos2(rect.left() + 9.0, y), 4.0, color);
    let mut x = rect.right() - 16.0;
    let mut place = |width: f32| {
        let place = Rect::from_center_size(pos2(x - width / 2.0, y), vec2(width, 20.0));
        x -= width + 6.0;
        place
    };
    let percent = (ui.ctx().zoom_factor() * 100.0).round() as u16;
    let word = format!("{percent} %");
    let scale = button::show(
        ui,
        place(62.0),
        "scale",
        Sign::Menu(&word),
        "Magnifies everything in the window.",
    );
    egui::Popup::menu(&scale).show(|ui| {
        for choice in SCALES {
            if ui.selectable_label(choice == percent, format!("{choice} %")).clicked() {
                ui.ctx().set_zoom_factor(f32::from(choice) / 100.0);
            }
        }
    });
    let word = if *with_keys { "Hide keys" } else { "Show keys" };
    if button::show(ui, place(72.0), "strip", Sign::Word(word), "Shows or hides the piano strip.")
        .clicked()
    {
        *with_keys = !*with_keys;
    }
    let crowded = status.is_error && rect.width() < CROWDED;
    let help = painter.text(
        pos2(x - 8.0, y),
        Align2::RIGHT_CENTER,
        if crowded { "" } else { HELP },
        theme::small(),
        theme::SECONDARY,
    );
    let line = Rect::from_x_y_ranges(rect.left() + 22.0..=help.left() - 12.0, rect.y_range());
    let color = if status.is_error { theme::ERROR } else { theme::SECONDARY };
    let at = pos2(line.left(), y);
    let shown = painter.with_clip_rect(line).text(
        at,
        Align2::LEFT_CENTER,
        if status.text.is_empty() { "Ready".to_owned() } else { status.text.replace('\n', " ") },
        theme::body(),
        color,
    );
    if shown.width() > line.width() {
        let response = ui.interact(line, ui.scope_id().with("status"), Sense::hover());
        response.on_hover_text(&status.text);
    }
    corner(ui, rect);
}

/// Draws the corner that resizes the window, for hosts whose windows have no border.
fn corner(ui: &Ui, rect: Rect) {
    let area = Rect::from_min_max(rect.max - vec2(6.0, 6.0), rect.max + vec2(10.0, 10.0));
    let response = ui.interact(area, ui.scope_id().with("corner"), Sense::drag());
    let color = if response.hovered() { theme::TEXT } else { theme::TRAINED };
    for reach in [4.0, 8.0, 12.0] {
        let corner = area.max - vec2(3.0, 3.0);
        let ends = [corner - vec2(reach, 0.0), corner - vec2(0.0, reach)];
        ui.painter().line_segment(ends, Stroke::new(1.0, color));
    }
    if response.dragged()
        && let Some(at) = response.interact_pointer_pos()
    {
        let size = at.to_vec2().max(vec2(MIN_WINDOW_WIDTH, MIN_WINDOW_HEIGHT));
        ui.ctx().send_viewport_cmd(ViewportCommand::InnerSize(size));
    }
    response.on_hover_cursor(CursorIcon::ResizeNwSe);
}
