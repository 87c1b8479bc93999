//! A pad that moves two parameters at once.

use egui::{PointerButton, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, pos2};
use nice_plug::context::gui::ParamSetter;

use crate::editor::control::{self, Control};
use crate::editor::theme;
use crate::editor::widgets::turn;

/// The number of positions that the trail remembers.
const TRAIL_LENGTH: usize = 40;

/// What one direction of the pad moves.
pub struct Direction<'a> {
    /// The parameter.
    pub control: &'a dyn Control,
    /// The range of the training data, as positions of the parameter.
    pub trained: [f32; 2],
}

/// The point in `pad` at the positions `x` and `y`, 0 to 1 from the lower left corner.
pub fn point(pad: Rect, x: f32, y: f32) -> Pos2 {
    pos2(pad.left() + x * pad.width(), pad.bottom() - y * pad.height())
}

/// The positions, across and up, of a point; those of the nearest point inside if it is outside
/// `pad`.
pub fn positions(pad: Rect, at: Pos2) -> [f32; 2] {
    let x = (at.x - pad.left()) / pad.width().max(1.0);
    let y = (pad.bottom() - at.y) / pad.height().max(1.0);
    [x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)]
}

/// Draws a pad that fills `rect`. Its parameters follow the pointer, or move by a tenth of its way while
/// shift is held; a double click resets both.
pub fn show(
    ui: &Ui,
    rect: Rect,
    across: &Direction,
    up: &Direction,
    setter: &ParamSetter,
    trail: &mut Vec<Pos2>,
) {
    let pad = rect.shrink(8.0);
    let response = ui.interact(rect, ui.scope_id().with("pad"), Sense::click_and_drag());
    let both = [across.control, up.control];
    let primary = PointerButton::Primary;
    if response.drag_started_by(primary) {
        both.iter().for_each(|control| control.begin(setter));
        ui.data_mut(|data| data.insert_temp(response.id, both.map(Control::position)));
    }
    if response.dragged_by(primary) {
        let fine = ui.input(|input| input.modifiers.shift);
        let at = response.interact_pointer_pos().filter(|_| !fine);
        let slowly = || {
            let [x, y]: [f32; 2] = ui
                .data(|data| data.get_temp(response.id))
                .unwrap_or_else(|| both.map(Control::position));
            let by = response.drag_delta();
            [
                turn::dragged_position(x, by.x, pad.width(), true),
                turn::dragged_position(y, -by.y, pad.height(), true),
            ]
        };
        let to = at.map_or_else(slowly, |at| positions(pad, at));
        ui.data_mut(|data| data.insert_temp(response.id, to));
        both.iter().zip(to).for_each(|(control, position)| control.move_to(setter, position));
    }
    if response.drag_stopped_by(primary) {
        both.iter().for_each(|control| control.end(setter));
    }
    if response.double_clicked() {
        both.iter().for_each(|control| control::set(*control, setter, control.default_position()));
    } else if response.clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        both.iter()
            .zip(positions(pad, at))
            .for_each(|(control, to)| control::set(*control, setter, to));
    }
    let here = both.map(Control::modulated_position);
    remember(trail, pos2(here[0], here[1]));
    draw(ui, pad, across, up, trail, response.dragged());
    response.on_hover_cursor(egui::CursorIcon::Crosshair);
}

/// Adds the present position to the trail, and removes the oldest one if the trail is full.
fn remember(trail: &mut Vec<Pos2>, here: Pos2) {
    trail.push(here);
    if trail.len() > TRAIL_LENGTH {
        trail.remove(0);
    }
}

fn draw(ui: &Ui, pad: Rect, across: &Direction, up: &Direction, trail: &[Pos2], held: bool) {
    let painter = ui.painter();
    painter.rect_filled(pad.expand(6.0), theme::CORNER, theme::GROUND);
    let trained = Rect::from_two_pos(
        point(pad, across.trained[0].clamp(0.0, 1.0), up.trained[0].clamp(0.0, 1.0)),
        point(pad, across.trained[1].clamp(0.0, 1.0), up.trained[1].clamp(0.0, 1.0)),
    );
    painter.rect_filled(trained, 6.0, theme::RAIL);
    painter.rect_stroke(trained, 6.0, Stroke::new(1.0, theme::TRAINED), StrokeKind::Inside);
    for quarter in 1..4 {
        let at = quarter as f32 / 4.0;
        let color = if quarter == 2 { theme::TRAINED } else { theme::RAIL };
        painter.hline(pad.x_range(), point(pad, 0.0, at).y, Stroke::new(1.0, color));
        painter.vline(point(pad, at, 0.0).x, pad.y_range(), Stroke::new(1.0, color));
    }
    for (i, pair) in trail.windows(2).enumerate() {
        if pair[0] != pair[1] {
            let ends = [pair[0], pair[1]].map(|at| point(pad, at.x, at.y));
            let color = theme::mix(theme::RAIL, theme::ACCENT, i as f32 / TRAIL_LENGTH as f32);
            painter.line_segment(ends, Stroke::new(1.5, color));
        }
    }
    let at = point(pad, across.control.modulated_position(), up.control.modulated_position());
    let thin = Stroke::new(1.0, theme::mix(theme::GROUND, theme::ACCENT, 0.45));
    painter.hline(pad.x_range(), at.y, thin);
    painter.vline(at.x, pad.y_range(), thin);
    painter.circle_filled(at, if held { 8.0 } else { 6.5 }, theme::ACCENT);
    if held {
        painter.circle_stroke(at, 12.0, Stroke::new(1.0, theme::ACCENT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    #[test]
    fn points_and_positions_are_inverse_and_stay_in_the_pad() {
        let pad = Rect::from_min_size(pos2(30.0, 40.0), vec2(200.0, 100.0));
        for (x, y) in [(0.0, 0.0), (1.0, 1.0), (0.25, 0.75)] {
            assert_eq!(positions(pad, point(pad, x, y)), [x, y]);
        }
        assert_eq!(positions(pad, pos2(-9.0, 1000.0)), [0.0, 0.0]);
        assert_eq!(point(pad, 0.0, 1.0), pad.left_top());
        let nothing = Rect::from_min_size(pos2(0.0, 0.0), vec2(0.0, 0.0));
        assert!(positions(nothing, pos2(5.0, 5.0)).iter().all(|position| position.is_finite()));
    }

    #[test]
    fn the_trail_forgets() {
        let mut trail = Vec::new();
        (0..100).for_each(|i| remember(&mut trail, pos2(i as f32, 0.0)));
        assert_eq!((trail.len(), trail[0].x), (TRAIL_LENGTH, 60.0));
    }
}
