//! A knob with its name and value.

use std::f32::consts::TAU;

use egui::{Align2, Painter, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::{self, Control};
use crate::editor::theme;
use crate::editor::widgets::{explain, value};

/// Size of a knob with its texts.
pub const SIZE: egui::Vec2 = vec2(60.0, 64.0);
const RADIUS: f32 = 14.0;
/// A knob's lowest place, turns clockwise from the right.
const FROM: f32 = 0.375;
/// Turns to its highest.
const REACH: f32 = 0.75;
/// Points to drag for all of it.
const TRAVEL: f32 = 150.0;

fn point(center: Pos2, radius: f32, place: f32) -> Pos2 {
    let angle = TAU * (FROM + REACH * place);
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

/// Where the arc begins: in the middle for what goes both ways.
fn origin(control: &dyn Control) -> f32 {
    let both_ways = control.text_at(0.0).starts_with(['-', '\u{2212}']);
    if both_ways { 0.5 } else { 0.0 }
}

/// Draws a knob named `name` at the top of `rect`; `hint` says what it does.
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
    control::turn(ui, &response, control, setter, TRAVEL);
    let held = response.hovered() || response.dragged();
    let painter = ui.painter();
    let (place, sounding) = (control.place(), control.sounding());
    arc(painter, center, 0.0, 1.0, Stroke::new(3.5, theme::RAIL));
    let color = if response.dragged() { theme::ACCENT } else { theme::TEAL };
    let from = origin(control);
    if (place - from).abs() > 1e-3 {
        arc(painter, center, from, place, Stroke::new(3.5, color));
    }
    if (sounding - place).abs() > 1e-3 {
        painter.circle_filled(point(center, RADIUS + 4.0, sounding), 1.5, theme::ACCENT);
    }
    let hand = if held { theme::TEXT } else { theme::SECONDARY };
    painter.line_segment(
        [point(center, 4.0, place), point(center, RADIUS - 5.0, place)],
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
        assert_eq!(origin(&params.velocity_timbre), 0.5);
        assert_eq!(origin(&params.glide), 0.0);
    }
}
