//! A knob with its name and value below it.

use std::f32::consts::TAU;

use egui::{Align2, Painter, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::Control;
use crate::editor::theme;
use crate::editor::widgets::{explain, turn, value};

/// Size of a knob with its name and value, points.
pub const SIZE: egui::Vec2 = vec2(60.0, 64.0);
/// Radius of the arc, points.
const RADIUS: f32 = 14.0;
/// Where the arc starts, in turns clockwise from the right.
const FROM: f32 = 0.375;
/// Length of the arc, turns.
const REACH: f32 = 0.75;
/// How far the mouse is dragged for the whole range, points.
const TRAVEL: f32 = 150.0;

fn point(center: Pos2, radius: f32, position: f32) -> Pos2 {
    let angle = TAU * (FROM + REACH * position);
    center + radius * vec2(angle.cos(), angle.sin())
}

fn arc(painter: &Painter, center: Pos2, from: f32, to: f32, stroke: Stroke) {
    let count = ((to - from).abs() * 40.0).ceil().max(1.0) as usize;
    let points: Vec<Pos2> = (0..=count)
        .map(|i| point(center, RADIUS, from + (to - from) * i as f32 / count as f32))
        .collect();
    for end in [points.first(), points.last()].into_iter().flatten() {
        painter.circle_filled(*end, stroke.width / 2.0, stroke.color);
    }
    painter.line(points, stroke);
}

/// The position at which the coloured arc begins: the middle if values can be negative.
fn origin(control: &dyn Control) -> f32 {
    let both_ways = control.text_at(0.0).starts_with(['-', '\u{2212}']);
    if both_ways { 0.5 } else { 0.0 }
}

/// Draws a knob called `name` at the top of `rect`. `hint` is the text of its tooltip.
pub fn show(
    ui: &mut Ui,
    rect: Rect,
    name: &str,
    hint: &str,
    control: &dyn Control,
    setter: &ParamSetter,
) {
    let center = pos2(rect.center().x, rect.top() + RADIUS + 2.0);
    let id = ui.scope_id().with(control.full_name());
    let grip = Rect::from_center_size(center, vec2(2.0 * RADIUS + 10.0, 2.0 * RADIUS + 6.0));
    let response = ui.interact(grip, id, Sense::click_and_drag());
    turn::turn(ui, &response, control, setter, TRAVEL);
    let held = response.hovered() || response.dragged();
    let painter = ui.painter();
    let (position, modulated) = (control.position(), control.modulated_position());
    arc(painter, center, 0.0, 1.0, Stroke::new(3.5, theme::RAIL));
    let color = if response.dragged() { theme::ACCENT } else { theme::TEAL };
    let from = origin(control);
    if (position - from).abs() > 1e-3 {
        arc(painter, center, from, position, Stroke::new(3.5, color));
    }
    if (modulated - position).abs() > 1e-3 {
        painter.circle_filled(point(center, RADIUS + 4.0, modulated), 1.5, theme::ACCENT);
    }
    let hand = if held { theme::TEXT } else { theme::SECONDARY };
    painter.line_segment(
        [point(center, 4.0, position), point(center, RADIUS - 5.0, position)],
        Stroke::new(2.0, hand),
    );
    let at = pos2(center.x, center.y + RADIUS + 9.0);
    painter.text(at, Align2::CENTER_CENTER, name, theme::small(), theme::SECONDARY);
    let below = Rect::from_center_size(at + vec2(0.0, 14.0), vec2(rect.width(), 14.0));
    value::show(ui, below, id, control, setter);
    explain(response, control, control.full_name(), hint);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::WmsParams;

    #[test]
    fn the_arc_opens_below_and_starts_in_the_middle_where_signs_change() {
        let low = point(Pos2::ZERO, 1.0, 0.0);
        let high = point(Pos2::ZERO, 1.0, 1.0);
        assert!((low.x + high.x).abs() < 1e-5 && low.x < 0.0 && low.y > 0.0);
        assert!((low.y - high.y).abs() < 1e-5);
        let params = WmsParams::default();
        assert_eq!(origin(&params.expression.velocity_timbre), 0.5);
        assert_eq!(origin(&params.keys.glide), 0.0);
    }
}
