//! A setting on one line: a switch, a choice from a list, or a number.

use egui::{Align2, Popup, Rect, Response, Sense, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::{self, Control};
use crate::editor::theme;
use crate::editor::widgets::{button, explain, turn, value};

/// A parameter with at most this many values is a choice from a list, and one with more is a number.
const MAX_LISTED: usize = 6;
/// How far the mouse is dragged for the whole range of a number, points.
const TRAVEL: f32 = 200.0;

/// Draws a setting that fills `rect`. `hint` is the text of its tooltip.
pub fn show(
    ui: &mut Ui,
    rect: Rect,
    name: &str,
    hint: &str,
    control: &dyn Control,
    setter: &ParamSetter,
) {
    let id = ui.scope_id().with(control.full_name());
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let fill = if response.hovered() { theme::LIT } else { theme::RAISED };
    ui.painter().rect_filled(rect, theme::CORNER, fill);
    let at = pos2(rect.left() + 8.0, rect.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, name, theme::small(), theme::SECONDARY);
    match control.steps() {
        Some(1) => switch(ui, rect, &response, control, setter),
        Some(count) if count < MAX_LISTED => choice(ui, rect, &response, control, setter, count),
        _ => {
            turn::turn(ui, &response, control, setter, TRAVEL);
            let right = Rect::from_min_max(pos2(rect.right() - 44.0, rect.top()), rect.max);
            value::show(ui, right, id, control, setter);
        }
    }
    explain(response, control, control.full_name(), hint);
}

fn switch(ui: &Ui, rect: Rect, response: &Response, control: &dyn Control, setter: &ParamSetter) {
    let names = [control.text_at(0.0), control.text_at(1.0)];
    let on = control.position() > 0.5;
    if names == ["off", "on"] || names == ["Off", "On"] {
        let track =
            Rect::from_center_size(pos2(rect.right() - 20.0, rect.center().y), vec2(24.0, 12.0));
        ui.painter().rect_filled(track, 6.0, if on { theme::TEAL } else { theme::GROUND });
        let x = if on { track.right() - 6.0 } else { track.left() + 6.0 };
        ui.painter().circle_filled(pos2(x, track.center().y), 4.5, theme::TEXT);
    } else {
        let at = pos2(rect.right() - 8.0, rect.center().y);
        let text = control::text(control);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::small(), theme::TEXT);
    }
    if response.clicked() {
        control::set(control, setter, if on { 0.0 } else { 1.0 });
    }
}

fn choice(
    ui: &Ui,
    rect: Rect,
    response: &Response,
    control: &dyn Control,
    setter: &ParamSetter,
    count: usize,
) {
    let at = pos2(rect.right() - 20.0, rect.center().y);
    let text = control::text(control);
    button::caret(ui.painter(), at + vec2(9.0, 0.0), true, theme::SECONDARY);
    ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::small(), theme::TEXT);
    turn::wheel(ui, response, control, setter);
    Popup::menu(response).show(|ui| {
        ui.set_min_width(rect.width().max(70.0));
        for step in 0..=count {
            let position = step as f32 / count as f32;
            let chosen = (control.position() - position).abs() < 0.5 / count as f32;
            if ui.selectable_label(chosen, control.text_at(position)).clicked() {
                control::set(control, setter, position);
            }
        }
    });
}
