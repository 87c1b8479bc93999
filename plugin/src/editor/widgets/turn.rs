//! Turning a control with the mouse: dragging, the wheel, double clicks, and the text field.

use egui::{Event, Id, MouseWheelUnit, PointerButton, Response, Ui};
use nice_plug::context::gui::ParamSetter;

use super::value;
use crate::editor::control::{self, Control};

/// How much slower a control moves while shift is held.
pub const FINE: f32 = 0.1;
/// How many points on a touchpad count as one step of a mouse wheel.
const POINTS_PER_STEP: f32 = 20.0;

/// The position of a control after a drag by `moved` points, where `travel` points cover its whole
/// range. The drag keeps its own position instead of reading the parameter, because a stepped parameter
/// would round every small movement away, and the host applies changes a little later.
pub fn dragged_position(position: f32, moved: f32, travel: f32, fine: bool) -> f32 {
    let share = moved / travel.max(1.0);
    (position + if fine { FINE * share } else { share }).clamp(0.0, 1.0)
}

/// Steps of the mouse wheel in this frame; upwards is positive.
fn wheel_steps(ui: &Ui) -> f32 {
    ui.input(|input| {
        let steps = input.events.iter().map(|event| match event {
            Event::MouseWheel { unit: MouseWheelUnit::Point, delta, .. } => {
                delta.y / POINTS_PER_STEP
            }
            // Some systems turn the wheel sideways while shift is held.
            Event::MouseWheel { delta, .. } => delta.x + delta.y,
            _ => 0.0,
        });
        steps.sum()
    })
}

/// Lets the mouse turn a control. Dragging up and down over `travel` points covers its whole range, and
/// is finer with shift. A double click, or a click with control or command, resets it. A right click
/// opens the text field, and the wheel steps.
pub fn turn(
    ui: &Ui,
    response: &Response,
    control: &dyn Control,
    setter: &ParamSetter,
    travel: f32,
) {
    let primary = PointerButton::Primary;
    let (fine, command) = ui.input(|input| (input.modifiers.shift, input.modifiers.command));
    if response.drag_started_by(primary) {
        control.begin(setter);
        ui.data_mut(|data| data.insert_temp(response.id, control.position()));
    }
    if response.dragged_by(primary) {
        let last = ui.data(|data| data.get_temp(response.id));
        let last = last.unwrap_or_else(|| control.position());
        let position = dragged_position(last, -response.drag_delta().y, travel, fine);
        ui.data_mut(|data| data.insert_temp(response.id, position));
        control.move_to(setter, position);
    }
    if response.drag_stopped_by(primary) {
        control.end(setter);
    }
    if response.double_clicked() || (command && response.clicked()) {
        control::set(control, setter, control.default_position());
    } else if response.secondary_clicked() {
        value::open(ui, response.id, control);
    }
    wheel(ui, response, control, setter);
}

/// Lets the mouse wheel step a control while the pointer is over it.
pub fn wheel(ui: &Ui, response: &Response, control: &dyn Control, setter: &ParamSetter) {
    if !response.hovered() || response.dragged() {
        return;
    }
    // A touchpad sends fractions of a step, which add up from frame to frame.
    let remainder_id: Id = response.id.with("wheel");
    let remainder = ui.data(|data| data.get_temp(remainder_id)).unwrap_or(0.0);
    let steps = remainder + wheel_steps(ui);
    let fine = ui.input(|input| input.modifiers.shift);
    let whole = steps.trunc();
    ui.data_mut(|data| data.insert_temp(remainder_id, steps - whole));
    if whole != 0.0 {
        let count = whole.abs().min(100.0) as usize;
        let step = |at: f32, _| control.stepped(at, whole > 0.0, fine);
        control::set(control, setter, (0..count).fold(control.position(), step));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drag_covers_the_range_and_shift_a_tenth() {
        assert_eq!(dragged_position(0.0, 50.0, 100.0, false), 0.5);
        assert!((dragged_position(0.5, -50.0, 100.0, true) - 0.45).abs() < 1e-6);
        assert_eq!(dragged_position(0.9, 50.0, 100.0, false), 1.0);
        assert_eq!(dragged_position(0.1, -50.0, 0.0, false), 0.0);
    }
}
